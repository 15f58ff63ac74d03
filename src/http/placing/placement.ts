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
	let place = newcomers.placeOf(channel, near, Date.now());
	let isRemembered = place.relay !== undefined;
	for (let moves = 0; moves <= MAX_MOVES; moves += 1) {
		try {
			const opened = await openAt(place);
			const moved = opened instanceof Response ? movedBy(opened) : undefined;
			if (!moved) {
				if (place.relay === undefined) newcomers.sentTo(place, near, Date.now());
				return opened;
			}
			place = { channel, ...moved };
		} catch (error) {
			newcomers.sentTo({ channel }, near, Date.now());
			if (!isRemembered) throw error;
			logger.failure("A relay could not be reached. The origin was asked for another.", error, { ...place });
			place = { channel };
		}
		isRemembered = false;
		newcomers.sentTo(place, near, Date.now());
	}
	throw new Problem("channel_unavailable", `The channel ${channel} is making room for more streams. Try again.`);
}
