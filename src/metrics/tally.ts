/**
 * The upper bounds of the publish latency histogram's buckets, inclusive, in seconds. The last bucket is unbounded
 * (Prometheus documentation, "Histograms and summaries").
 */
export const LATENCY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

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
	/** The total latency of all publishes, in seconds, which is Prometheus' base unit. */
	publishSeconds: number;
}

/**
 * Creates a tally with all counters at zero.
 *
 * @example
 * newTally().published; // 0
 */
export function newTally(): Tally {
	const publishes = new Array<number>(LATENCY_BOUNDS.length + 1).fill(0);
	return { published: 0, delivered: 0, replayed: 0, cut: 0, publishes, publishSeconds: 0 };
}

/** Adds a tally to `sum`, in place. */
export function addTally(sum: Tally, { published, delivered, replayed, cut, publishes, publishSeconds }: Tally): void {
	sum.published += published;
	sum.delivered += delivered;
	sum.replayed += replayed;
	sum.cut += cut;
	sum.publishes = sum.publishes.map((count, bucket) => count + (publishes[bucket] ?? 0));
	sum.publishSeconds += publishSeconds;
}

/** Counts a publish. */
export function countPublish(tally: Tally, events: number, milliseconds: number): void {
	const seconds = milliseconds / 1000;
	const bucket = LATENCY_BOUNDS.filter((bound) => bound < seconds).length;
	tally.published += events;
	tally.publishes[bucket] = (tally.publishes[bucket] ?? 0) + 1;
	tally.publishSeconds += seconds;
}

/** Counts events that were written to streams. */
export function countDelivered(tally: Tally, events: number, isReplay: boolean): void {
	tally.delivered += events;
	if (isReplay) tally.replayed += events;
}
