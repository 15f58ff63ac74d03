import { StreamCounts } from "./stream-counts.ts";
import { type PresenceChange, ToldPresence } from "./told-presence.ts";

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
	readonly #streams = new StreamCounts();
	#unnamed = 0;
	readonly #told = new ToldPresence((user) => this.#streams.has(user));

	get online(): number {
		return this.#streams.size + this.#unnamed;
	}

	streamsOf(user: string): number {
		return this.#streams.of(user);
	}

	told(): Iterable<string> {
		return this.#told.users;
	}

	add(user: string): void {
		this.#streams.add(user, 1);
		this.#told.change(user);
	}

	restore(user: string): void {
		this.#streams.add(user, 1);
		this.#told.restore(user);
	}

	remove(user: string): void {
		this.#streams.add(user, -1);
		this.#told.change(user);
	}

	countUnnamed(change: 1 | -1): void {
		this.#unnamed += change;
	}

	take(max: number): PresenceChange[] {
		return this.#told.take(max);
	}
}
