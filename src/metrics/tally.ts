/**
 * The inclusive upper bounds of the publish latency histogram's buckets. The last bucket is unbounded (Prometheus
 * documentation, "Histograms and summaries").
 */
export const BUCKET_MILLISECONDS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000] as const;

/** The counters of one channel, or of several. */
export interface Tally {
	/** Events stored. */
	published: number;
	/** Events written to streams. Fan-out to three streams counts an event three times. */
	delivered: number;
	/** The part of `delivered` that was read from the log, for streams that resumed or had fallen behind. */
	replayed: number;
	/** Streams disconnected as slow consumers. */
	cut: number;
	/** The number of publishes in each bucket of the latency histogram. Not cumulative. */
	publishes: number[];
	/** The total latency of all publishes. */
	publishMilliseconds: number;
}

/**
 * Creates a tally with all counters at zero.
 *
 * @example
 * newTally().published; // 0
 */
export function newTally(): Tally {
	const publishes = new Array<number>(BUCKET_MILLISECONDS.length + 1).fill(0);
	return { published: 0, delivered: 0, replayed: 0, cut: 0, publishes, publishMilliseconds: 0 };
}

/** Adds a tally to `sum`, in place. */
export function addTally(
	sum: Tally,
	{ published, delivered, replayed, cut, publishes, publishMilliseconds }: Tally,
): void {
	sum.published += published;
	sum.delivered += delivered;
	sum.replayed += replayed;
	sum.cut += cut;
	sum.publishes = sum.publishes.map((count, bucket) => count + (publishes[bucket] ?? 0));
	sum.publishMilliseconds += publishMilliseconds;
}

/** Counts a publish. */
export function countPublish(tally: Tally, events: number, milliseconds: number): void {
	const bucket = BUCKET_MILLISECONDS.filter((bound) => bound < milliseconds).length;
	tally.published += events;
	tally.publishes[bucket] = (tally.publishes[bucket] ?? 0) + 1;
	tally.publishMilliseconds += milliseconds;
}

/** Counts events that were written to streams. */
export function countDelivered(tally: Tally, events: number, isReplay: boolean): void {
	tally.delivered += events;
	if (isReplay) tally.replayed += events;
}
