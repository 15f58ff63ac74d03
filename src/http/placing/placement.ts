import { Problem } from "../../errors.ts";
import type { Logger } from "../../logger.ts";
import type { Placement } from "../../session/session-options.ts";
import { newConnection } from "../../wire/connection.ts";
import { CHANNEL_URL } from "../../wire/link.ts";
import { movedBy, nearHeader, type Place } from "../../wire/place.ts";
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
export function placementOf(env: TidingsEnv, near: DurableObjectLocationHint | undefined, logger: Logger): Placement {
	const told = nearHeader(near);
	return {
		open: (channel, openAt) => open({ channel, near, logger }, openAt),
		newConnection: (place) => newConnection(env.CHANNEL, place),
		call: (place, headers) =>
			callChannel(env, place, (stub) => stub.fetch(CHANNEL_URL, { headers: { ...headers, ...told } })),
	};
}

interface Newcomer {
	channel: string;
	near: DurableObjectLocationHint | undefined;
	logger: Logger;
}

/** Opens a stream where the channel has room for it. */
async function open<Opened>(
	{ channel, near, logger }: Newcomer,
	openAt: (place: Place) => Promise<Opened | Response>,
): Promise<Opened | Response> {
	const rush = newcomers.of(channel, near);
	const remembered = await rush.next();
	let place: Place = remembered === undefined ? { channel } : { channel, relay: remembered };
	let isFirst = true;
	for (let moves = 0; moves <= MAX_MOVES; moves += 1) {
		const isQuestion = isFirst && remembered === undefined;
		try {
			const opened = await openAt(place);
			const moved = opened instanceof Response ? movedBy(opened) : undefined;
			if (isQuestion) rush.answered(moved);
			else if (moved) rush.sentOn(moved);
			if (!moved) return opened;
			place = moved.relay === undefined ? { channel } : { channel, relay: moved.relay };
		} catch (error) {
			if (isQuestion) rush.answered(undefined);
			if (place.relay !== undefined) rush.lost(place.relay);
			if (!isFirst || isQuestion) throw error;
			logger.failure("A relay could not be reached. The origin was asked for another.", error, { ...place });
			place = { channel };
		}
		isFirst = false;
	}
	throw new Problem("channel_unavailable", `The channel ${channel} is making room for more streams. Try again.`);
}
