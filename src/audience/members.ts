import type { Member } from "../wire/relay.ts";
import type { CountedBy } from "../wire/subscription.ts";
import { StreamCounts } from "./stream-counts.ts";

/** Streams of a channel that another object holds, by what they are counted by. */
export class Members {
	readonly #members = new Map<string, Member>();
	/** How many streams clients without credentials have, by where they come from: each of them is a user of its own. */
	readonly #anonymous = new StreamCounts();
	#streams = 0;

	/** How many streams there are. */
	get streams(): number {
		return this.#streams;
	}

	add(stream: CountedBy): void {
		const member = this.#members.get(keyOf(stream));
		if (member) member.streams += 1;
		else this.#members.set(keyOf(stream), { stream, streams: 1 });
		this.#count(stream, 1);
	}

	has(stream: CountedBy): boolean {
		return this.#members.has(keyOf(stream));
	}

	/** Whether one of them counts together with a stream. */
	hasAlike(stream: CountedBy): boolean {
		const { anonymousFrom } = stream;
		return anonymousFrom === undefined ? this.has(stream) : this.#anonymous.has(anonymousFrom);
	}

	/** @returns whether there was one. */
	remove(stream: CountedBy): boolean {
		const key = keyOf(stream);
		const member = this.#members.get(key);
		if (!member) return false;
		member.streams -= 1;
		if (member.streams === 0) this.#members.delete(key);
		this.#count(stream, -1);
		return true;
	}

	/** Yields each stream. */
	*[Symbol.iterator](): Generator<CountedBy> {
		for (const { stream, streams } of this.#members.values()) {
			for (let count = 0; count < streams; count += 1) yield stream;
		}
	}

	list(): Member[] {
		return [...this.#members.values()];
	}

	#count({ anonymousFrom }: CountedBy, change: 1 | -1): void {
		this.#streams += change;
		if (anonymousFrom !== undefined) this.#anonymous.add(anonymousFrom, change);
	}
}

/** What streams are counted by whose users the origin does not keep account of. No user has this name. */
export const UNNAMED: CountedBy = { user: "" };

/** What a stream is counted by, without the rest of it. */
export function countedBy({ user, anonymousFrom }: CountedBy): CountedBy {
	return { user, ...(anonymousFrom !== undefined && { anonymousFrom }) };
}

function keyOf({ user, anonymousFrom }: CountedBy): string {
	return `${anonymousFrom ?? ""} ${user}`;
}
