import type { Subscriber } from "./subscriber.ts";

/** Larger tiles are slower, and smaller ones are no faster. */
const STREAMS_PER_TILE = 64;
/** A round that has written nothing for so long has died with its object. */
const FORGOTTEN_MILLISECONDS = 1000;

/** The rounds that are under way in the objects of this isolate, and when each has last written. */
const rounds = new Map<object, number>();

/**
 * Writes to many streams, in tiles. After each tile the runtime gets a turn to send what was written. When thousands of
 * responses are woken at once, its HTTP server polls most of them in vain. Streams that sessions hold gain nothing from
 * tiles, so they do not count. Objects whose rounds coincide, as those of a channel's relays do, share a turn's tile.
 *
 * Between two tiles subscribers come, leave, fall behind and end: `write` has to check what may have changed.
 *
 * @param write returns whether it wrote anything.
 * @returns the number of streams that were written to.
 */
export async function inTiles(
	subscribers: Iterable<Subscriber>,
	write: (subscriber: Subscriber) => boolean,
): Promise<number> {
	const round = {};
	let written = 0;
	let room = tileOf(round);
	try {
		for (const subscriber of subscribers) {
			if (room === 0) {
				await scheduler.wait(0);
				room = tileOf(round);
			}
			if (!write(subscriber)) continue;
			written += 1;
			if (subscriber.outlet.isResponse) room -= 1;
		}
	} finally {
		rounds.delete(round);
	}
	return written;
}

/** How many streams a round may write to in this turn. */
function tileOf(round: object): number {
	const now = Date.now();
	rounds.set(round, now);
	for (const [other, at] of rounds) if (now - at > FORGOTTEN_MILLISECONDS) rounds.delete(other);
	return Math.ceil(STREAMS_PER_TILE / rounds.size);
}
