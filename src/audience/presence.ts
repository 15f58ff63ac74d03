/** Which users are online: how many streams each of them has open. */
export class Presence {
	readonly #streams = new Map<string, number>();

	users(): Iterable<string> {
		return this.#streams.keys();
	}

	/** How many streams a user has open. */
	streamsOf(user: string): number {
		return this.#streams.get(user) ?? 0;
	}

	/** A user has opened a stream. */
	add(user: string): void {
		this.#streams.set(user, this.streamsOf(user) + 1);
	}

	/** A stream of a user has ended. */
	remove(user: string): void {
		const left = this.streamsOf(user) - 1;
		if (left > 0) this.#streams.set(user, left);
		else this.#streams.delete(user);
	}
}
