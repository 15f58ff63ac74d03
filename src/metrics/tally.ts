/**
 * The buckets of the histogram of publish latencies end at these numbers of seconds; a last one has no end.
 * Prometheus, "Histograms and summaries".
 */
export const LATENCY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

/** What was counted, of one channel or of several. */
export interface Tally {
	/** Events that were stored. */
	published: number;
	/** Events that were written to streams; an event counts once for each. */
	delivered: number;
	/** Those of `delivered` that were read from the log, for a stream that started or had fallen behind. */
	replayed: number;
	/** Streams that were cut as slow consumers. */
	cut: number;
	/** How many publishes took how long: a number for each bucket. */
	publishes: number[];
	/** How long they took together. */
	publishSeconds: number;
}

/**
 * A tally of nothing.
 *
 * @example
 * newTally().published; // 0
 */
export function newTally(): Tally {
	const publishes = new Array<number>(LATENCY_BOUNDS.length + 1).fill(0);
	return { published: 0, delivered: 0, replayed: 0, cut: 0, publishes, publishSeconds: 0 };
}

/** Adds what one tally holds to another. */
export function addTally(sum: Tally, { published, delivered, replayed, cut, publishes, publishSeconds }: Tally): void {
	sum.published += published;
	sum.delivered += delivered;
	sum.replayed += replayed;
	sum.cut += cut;
	sum.publishes = sum.publishes.map((count, bucket) => count + (publishes[bucket] ?? 0));
	sum.publishSeconds += publishSeconds;
}

/** Counts a publish of so many events. */
export function countPublish(tally: Tally, events: number, milliseconds: number): void {
	const seconds = milliseconds / 1000;
	const bound = LATENCY_BOUNDS.findIndex((bound) => seconds <= bound);
	const bucket = bound === -1 ? LATENCY_BOUNDS.length : bound;
	tally.published += events;
	tally.publishes[bucket] = (tally.publishes[bucket] ?? 0) + 1;
	tally.publishSeconds += seconds;
}

/** Counts events that were written to streams. */
export function countDelivered(tally: Tally, events: number, isReplay: boolean): void {
	tally.delivered += events;
	if (isReplay) tally.replayed += events;
}
