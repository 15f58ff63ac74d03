import type { ChannelObject } from "../channel/channel.ts";
import { Problem } from "../errors.ts";
import { isChannelName } from "../names.ts";
import type { TidingsEnv } from "./env.ts";

/** @throws Problem `invalid_channel` unless the name may be a channel's. */
export function checkChannel(name: string): string {
	if (isChannelName(name)) return name;
	throw new Problem(
		"invalid_channel",
		`${JSON.stringify(name.slice(0, 128))} can be no channel: a name has 1 to 128 characters of A-Z a-z 0-9 . _ : @ ~ - and starts with a letter or digit.`,
	);
}

/**
 * Calls a channel's object.
 *
 * @throws Problem `channel_unavailable` when the object cannot be reached or dies meanwhile, as it does in a deploy.
 */
export async function callChannel<Result>(
	env: TidingsEnv,
	channel: string,
	call: (stub: DurableObjectStub<ChannelObject>) => Promise<Result>,
): Promise<Result> {
	try {
		return await call(env.CHANNEL.getByName(channel));
	} catch (cause) {
		throw new Problem(
			"channel_unavailable",
			`The channel ${channel} could not be reached just now. Try again; a publish with an Idempotency-Key is safe to repeat.`,
			{ cause },
		);
	}
}
