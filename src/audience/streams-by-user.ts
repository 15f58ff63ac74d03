/** How many streams each user has open. */
export class StreamsByUser {
	readonly #streams = new Map<string, number>();

	get users(): number {
		return this.#streams.size;
	}

	has(user: string): boolean {
		return this.#streams.has(user);
	}

	of(user: string): number {
		return this.#streams.get(user) ?? 0;
	}

	add(user: string, change: 1 | -1): void {
		const streams = this.of(user) + change;
		if (streams > 0) this.#streams.set(user, streams);
		else this.#streams.delete(user);
	}
}
