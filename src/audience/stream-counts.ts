/** How many streams there are of each user, or from each address. */
export class StreamCounts {
	readonly #counts = new Map<string, number>();

	/** How many users or addresses have streams. */
	get size(): number {
		return this.#counts.size;
	}

	has(key: string): boolean {
		return this.#counts.has(key);
	}

	of(key: string): number {
		return this.#counts.get(key) ?? 0;
	}

	add(key: string, change: 1 | -1): void {
		const streams = this.of(key) + change;
		if (streams > 0) this.#counts.set(key, streams);
		else this.#counts.delete(key);
	}
}
