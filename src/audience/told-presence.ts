/** A user who came online or went offline. */
export interface PresenceChange {
	user: string;
	state: "online" | "offline";
}

/** Of whom subscribers were told that they are online, and who may have come or gone since. */
export class ToldPresence {
	readonly #isOnline: (user: string) => boolean;
	readonly #told = new Set<string>();
	readonly #changed = new Set<string>();

	/** @param isOnline whether a user is online now. */
	constructor(isOnline: (user: string) => boolean) {
		this.#isOnline = isOnline;
	}

	/** The users of whom subscribers were last told that they are online. */
	get users(): Iterable<string> {
		return this.#told;
	}

	/** Subscribers were told before that a user is online. */
	restore(user: string): void {
		this.#told.add(user);
	}

	/** A user may have come or gone. */
	change(user: string): void {
		this.#changed.add(user);
	}

	/** Takes up to `max` changes to tell. A user who came and left again meanwhile has not changed. */
	take(max: number): PresenceChange[] {
		const changes: PresenceChange[] = [];
		for (const user of this.#changed) {
			if (changes.length === max) break;
			this.#changed.delete(user);
			const isOnline = this.#isOnline(user);
			if (isOnline === this.#told.has(user)) continue;
			if (isOnline) this.#told.add(user);
			else this.#told.delete(user);
			changes.push({ user, state: isOnline ? "online" : "offline" });
		}
		return changes;
	}

	forget(): void {
		this.#told.clear();
		this.#changed.clear();
	}
}
