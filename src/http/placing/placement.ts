import { Problem } from "../../errors.ts";
import type { Logger } from "../../logger.ts";
import type { Placement } from "../../session/session-options.ts";
import type { CallPlace } from "../../uplink/channel-socket.ts";
import { newConnection } from "../../wire/connection.ts";
import { CHANNEL_URL } from "../../wire/link.ts";
import { type Asking, askingHeaders, movedBy, type Place } from "../../wire/place.ts";
import { callChannel } from "../call-channel.ts";
import type { TidingsEnv } from "../context.ts";
import { Newcomers } from "./newcomers.ts";

/** How often a new stream is sent on. A relay that has filled up meanwhile sends on once more. */
const MAX_MOVES = 5;

const newcomers = new Newcomers();

/**
 * Opens the streams of one client.
 *
 * @param near where the client is; `undefined` if nobody knows.
 */
export function placementOf(env: TidingsEnv, near: Asking["near"], logger: Logger): Placement {
	const callFor = (wanted: number): CallPlace => {
		const asking = askingHeaders({ near, wanted });
		return (place, headers) =>
			callChannel(env, place, (stub) => stub.fetch(CHANNEL_URL, { headers: { ...headers, ...asking } }));
	};
	return {
		open: (channel, openAt) => open({ channel, near, logger, callFor }, openAt),
		newConnection: (place) => newConnection(env.CHANNEL, place),
	};
}

interface Newcomer {
	channel: string;
	near: Asking["near"];
	logger: Logger;
	/** How a place is called, with a question for so many streams. */
	callFor(wanted: number): CallPlace;
}

/** Opens a stream where the channel has room for it. */
async function open<Opened>(
	{ channel, near, logger, callFor }: Newcomer,
	openAt: (place: Place, call: CallPlace) => Promise<Opened | Response>,
): Promise<Opened | Response> {
	const rush = newcomers.of(channel, near);
	const way = await rush.next();
	let place: Place = "relay" in way ? { channel, relay: way.relay } : { channel };
	for (let moves = 0; moves <= MAX_MOVES; moves += 1) {
		const isFirst = moves === 0;
		const isRemembered = isFirst && place.relay !== undefined;
		const question = place.relay !== undefined ? undefined : isFirst && "wanted" in way ? way : rush.ask();
		try {
			const opened = await openAt(place, callFor(question?.wanted ?? 1));
			const moved = opened instanceof Response ? movedBy(opened) : undefined;
			if (question) rush.answered(moved);
			if (!moved) return opened;
			if (place.relay !== undefined) rush.forget(place.relay);
			place = moved.relay === undefined ? { channel } : { channel, relay: moved.relay };
		} catch (error) {
			if (question) rush.answered(undefined);
			if (place.relay !== undefined) rush.forget(place.relay);
			if (!isRemembered) throw error;
			logger.failure("A relay could not be reached. The origin was asked for another.", error, { ...place });
			place = { channel };
		}
	}
	throw new Problem("channel_unavailable", `The channel ${channel} is making room for more streams. Try again.`);
}
