const BUCKET_MILLISECONDS = 0.05;
const MAX_MILLISECONDS = 60_000;

/** A histogram of durations. It holds millions of them in little memory. */
export class Histogram {
	readonly #buckets = new Uint32Array(MAX_MILLISECONDS / BUCKET_MILLISECONDS);
	#count = 0;
	min = Number.POSITIVE_INFINITY;
	max = 0;

	add(milliseconds: number): void {
		const bucket = Math.floor(milliseconds / BUCKET_MILLISECONDS);
		const last = this.#buckets.length - 1;
		const index = Math.min(bucket, last);
		this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
		this.#count += 1;
		if (milliseconds < this.min) this.min = milliseconds;
		if (milliseconds > this.max) this.max = milliseconds;
	}

	/** The duration that this share of them does not exceed, in milliseconds. */
	percentile(share: number): number {
		let left = share * this.#count;
		for (const [bucket, count] of this.#buckets.entries()) {
			left -= count;
			if (left <= 0) return Math.min((bucket + 1) * BUCKET_MILLISECONDS, this.max);
		}
		return this.max;
	}
}
