import type { Tally } from "./tally.ts";

/** Analytics Engine samples by the index, and takes at most so many bytes of it. */
const MAX_INDEX_CHARACTERS = 96;

/**
 * What was counted of a channel, as a data point of Workers Analytics Engine. `blob1` is `counts` and `blob2` the channel;
 * `double1` to `double5` are what `docs/operations.md` says, and from `double6` on come the buckets of the latencies.
 *
 * @example
 * countsPoint("orders", newTally()).blobs; // ["counts", "orders"]
 */
export function countsPoint(channel: string, tally: Tally): AnalyticsEngineDataPoint {
	const { published, delivered, replayed, cut, publishSeconds, publishes } = tally;
	return {
		indexes: [channel.slice(0, MAX_INDEX_CHARACTERS)],
		blobs: ["counts", channel],
		doubles: [published, delivered, replayed, cut, publishSeconds, ...publishes],
	};
}

/**
 * How many streams somebody holds: `blob1` is `streams`, `blob2` who holds them, `double1` how many.
 *
 * @example
 * streamsPoint("channel:orders", 3).doubles; // [3]
 */
export function streamsPoint(holder: string, streams: number): AnalyticsEngineDataPoint {
	return { indexes: [holder.slice(0, MAX_INDEX_CHARACTERS)], blobs: ["streams", holder], doubles: [streams] };
}
