import { StreamsByUser } from "./streams-by-user.ts";

/** A user who came online or went offline. */
export interface PresenceChange {
	user: string;
	state: "online" | "offline";
}

/** Which users are online, as the roster and the fan-out need to know it. */
export interface PresenceBook {
	/** How many users have a stream open. */
	readonly online: number;
	/** How many streams a user has open. */
	streamsOf(user: string): number;
	/** The users that a new subscriber is told of. It is told of later changes like everybody else. */
	told(): Iterable<string>;
	/** A user has opened a stream. */
	add(user: string): void;
	/** A user has a stream that was open before, of which subscribers were told then. */
	restore(user: string): void;
	/** A stream of a user has ended. */
	remove(user: string): void;
	/** Takes up to `max` changes that nobody was told of. */
	take(max: number): PresenceChange[];
	/** Counts streams without their users: each is one more user, of whom nobody is told. */
	countUnnamed(change: 1 | -1): void;
}

/** Which users are online, and what subscribers were told of it. */
export class Presence implements PresenceBook {
	readonly #streams = new StreamsByUser();
	#unnamed = 0;
	/** The users of whom subscribers were last told that they are online. */
	readonly #told = new Set<string>();
	/** The users who may have come or gone since. */
	readonly #changed = new Set<string>();

	get online(): number {
		return this.#streams.users + this.#unnamed;
	}

	streamsOf(user: string): number {
		return this.#streams.of(user);
	}

	told(): Iterable<string> {
		return this.#told;
	}

	add(user: string): void {
		this.#streams.add(user, 1);
		this.#changed.add(user);
	}

	restore(user: string): void {
		this.#streams.add(user, 1);
		this.#told.add(user);
	}

	remove(user: string): void {
		this.#streams.add(user, -1);
		this.#changed.add(user);
	}

	countUnnamed(change: 1 | -1): void {
		this.#unnamed += change;
	}

	/** A user who came and left again meanwhile has not changed. */
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
