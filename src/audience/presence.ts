/** A user who came online or went offline. */
export interface PresenceChange {
	user: string;
	state: "online" | "offline";
}

/** Which users are online, and what subscribers were told of it. */
export class Presence {
	/** How many streams each user has open. */
	readonly #streams = new Map<string, number>();
	/** The users of whom subscribers were last told that they are online. */
	readonly #told = new Set<string>();
	/** The users who may have come or gone since. */
	readonly #changed = new Set<string>();

	/** How many users have a stream open. */
	get online(): number {
		return this.#streams.size;
	}

	/** How many streams a user has open. */
	streamsOf(user: string): number {
		return this.#streams.get(user) ?? 0;
	}

	/** The users that a new subscriber is told of. It is told of later changes like everybody else. */
	told(): Iterable<string> {
		return this.#told;
	}

	/** A user has opened a stream. */
	add(user: string): void {
		this.#streams.set(user, this.streamsOf(user) + 1);
		this.#changed.add(user);
	}

	/** A user has a stream that was open before, of which subscribers were told then. */
	restore(user: string): void {
		this.#streams.set(user, this.streamsOf(user) + 1);
		this.#told.add(user);
	}

	/** A stream of a user has ended. */
	remove(user: string): void {
		const left = this.streamsOf(user) - 1;
		if (left > 0) this.#streams.set(user, left);
		else this.#streams.delete(user);
		this.#changed.add(user);
	}

	/**
	 * Takes up to `max` changes that nobody was told of. A user who came and left again meanwhile has not changed.
	 */
	take(max: number): PresenceChange[] {
		const changes: PresenceChange[] = [];
		for (const user of this.#changed) {
			if (changes.length === max) break;
			this.#changed.delete(user);
			const isOnline = this.#streams.has(user);
			if (isOnline === this.#told.has(user)) continue;
			if (isOnline) this.#told.add(user);
			else this.#told.delete(user);
			changes.push({ user, state: isOnline ? "online" : "offline" });
		}
		return changes;
	}
}
