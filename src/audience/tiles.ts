import type { Subscriber } from "./subscriber.ts";

/** Larger tiles are slower, and smaller ones are no faster. */
const STREAMS_PER_TILE = 64;

/**
 * Writes to many streams, in tiles. After each tile the runtime gets a turn to send what was written. When thousands of
 * responses are woken at once, its HTTP server polls most of them in vain. Streams that sessions hold gain nothing from
 * tiles, so they do not count.
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
	let written = 0;
	let inTile = 0;
	for (const subscriber of subscribers) {
		if (inTile === STREAMS_PER_TILE) {
			inTile = 0;
			await scheduler.wait(0);
		}
		if (!write(subscriber)) continue;
		written += 1;
		if (subscriber.outlet.isResponse) inTile += 1;
	}
	return written;
}
