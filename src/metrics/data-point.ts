import type { Tally } from "./tally.ts";

/** The limit of Analytics Engine on an index, in bytes. Holders and channel names are ASCII. */
const MAX_INDEX_CHARACTERS = 96;

/**
 * Builds the data point of a channel's counters for Workers Analytics Engine. `blob1` is `counts`, and `blob2` the channel.
 * The columns `double1` to `double18` are documented in `docs/operations.md`, "Metrics".
 *
 * @param channel `undefined` for the sum of channels that a report does not list: their `blob2` is empty.
 *
 * @example
 * countsPoint("orders", newTally()).blobs; // ["counts", "orders"]
 */
export function countsPoint(channel: string | undefined, tally: Tally): AnalyticsEngineDataPoint {
	const name = channel ?? "";
	const { published, delivered, replayed, cut, publishMilliseconds, publishes } = tally;
	return {
		indexes: [name.slice(0, MAX_INDEX_CHARACTERS)],
		blobs: ["counts", name],
		doubles: [published, delivered, replayed, cut, publishMilliseconds / 1000, ...publishes],
	};
}

/**
 * Builds the data point of the streams that a holder has open: `blob1` is `streams`, `blob2` the holder, and `double1` the
 * number of streams.
 *
 * @example
 * streamsPoint("channel:orders", 3).doubles; // [3]
 */
export function streamsPoint(holder: string, streams: number): AnalyticsEngineDataPoint {
	return { indexes: [holder.slice(0, MAX_INDEX_CHARACTERS)], blobs: ["streams", holder], doubles: [streams] };
}
