import type { CountedBy } from "../wire/subscription.ts";
import { UNNAMED } from "./members.ts";
import type { PresenceBook } from "./presence.ts";
import { StreamCounts } from "./stream-counts.ts";

/** How many streams a channel has open, and whose, wherever they are held. */
export class Headcount {
	readonly presence: PresenceBook;
	/** How many streams clients without credentials have open, by where they come from. */
	readonly #anonymous = new StreamCounts();
	readonly #left: ((stream: CountedBy) => void) | undefined;
	#streams = 0;

	/** @param left called when a stream is no longer counted. */
	constructor(presence: PresenceBook, left?: (stream: CountedBy) => void) {
		this.presence = presence;
		this.#left = left;
	}

	/** How many streams are open. */
	get streams(): number {
		return this.#streams;
	}

	/** How many streams are open that count together with one. */
	countWith({ user, anonymousFrom }: CountedBy): number {
		if (anonymousFrom === undefined) return this.presence.streamsOf(user);
		return this.#anonymous.of(anonymousFrom);
	}

	/** Counts a stream that has just opened. */
	add(stream: CountedBy): void {
		if (isUnnamed(stream)) this.presence.countUnnamed(1);
		else this.presence.add(stream.user);
		this.#count(stream, 1);
	}

	/** Counts a stream that was open before, after hibernation or a rejoin. */
	restore(stream: CountedBy): void {
		if (isUnnamed(stream)) this.presence.countUnnamed(1);
		else this.presence.restore(stream.user);
		this.#count(stream, 1);
	}

	remove(stream: CountedBy): void {
		if (isUnnamed(stream)) this.presence.countUnnamed(-1);
		else this.presence.remove(stream.user);
		this.#count(stream, -1);
		this.#left?.(stream);
	}

	#count({ anonymousFrom }: CountedBy, change: 1 | -1): void {
		this.#streams += change;
		if (anonymousFrom !== undefined) this.#anonymous.add(anonymousFrom, change);
	}
}

function isUnnamed({ user }: CountedBy): boolean {
	return user === UNNAMED.user;
}
