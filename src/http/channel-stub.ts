import type { ChannelObject } from "../channel/channel.ts";
import { firstMessage, Problem } from "../errors.ts";
import { channelSchema } from "../wire/names.ts";
import type { TidingsEnv } from "./context.ts";

/** @throws Problem `invalid_channel` unless it may be a channel's name. */
export function checkChannel(name: unknown): string {
	const checked = channelSchema.safeParse(name);
	if (checked.success) return checked.data;
	throw new Problem("invalid_channel", firstMessage(checked.error));
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
