/** Counts what happened during the last second; what is older counts less and less. */
export class RecentCount {
	#count = 0;
	#at = 0;

	/** @param now in Unix milliseconds. */
	add(count: number, now: number): void {
		this.#count = this.at(now) + count;
		this.#at = now;
	}

	at(now: number): number {
		return this.#count * Math.exp((this.#at - now) / 1000);
	}
}
