import type { ChannelObject } from "../channel/channel.ts";
import { Problem } from "../errors.ts";
import { hintOf, objectNameOf, type Place } from "../wire/place.ts";
import type { TidingsEnv } from "./context.ts";

/**
 * Calls the Durable Object of a channel, or one of its relays.
 *
 * @throws Problem `channel_unavailable` when the object cannot be reached, or stops during the call, as it does in a deploy.
 */
export async function callChannel<Result>(
	env: TidingsEnv,
	place: Place,
	call: (stub: DurableObjectStub<ChannelObject>) => Promise<Result>,
): Promise<Result> {
	try {
		return await call(env.CHANNEL.getByName(objectNameOf(place), hintOf(place)));
	} catch (cause) {
		throw new Problem(
			"channel_unavailable",
			`The channel ${place.channel} could not be reached just now. Try again; a publish with an Idempotency-Key is safe to repeat.`,
			{ cause },
		);
	}
}
