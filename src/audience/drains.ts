import type { Subscriber } from "./subscriber.ts";

/** How many ended streams may wait for their clients to read the rest; past it, the oldest is dropped. */
const MAX_DRAINING = 100;

/** Streams that were ended while much of them was unread, and that wait for their clients to read the rest. */
export class Drains {
	/** In the order in which they are dropped. */
	readonly #subscribers = new Set<Subscriber>();

	get size(): number {
		return this.#subscribers.size;
	}

	/** When the next one is dropped, in Unix milliseconds; `undefined` when none waits. */
	get nextDue(): number | undefined {
		const [oldest] = this.#subscribers;
		return oldest && dropsAt(oldest);
	}

	/** @param until when what is left is dropped, in Unix milliseconds: not earlier than for the ones before. */
	add(subscriber: Subscriber, until: number): void {
		subscriber.drain(until);
		this.#subscribers.add(subscriber);
		const [oldest] = this.#subscribers;
		if (oldest && this.size > MAX_DRAINING) this.#drop(oldest);
	}

	/** The client has read the rest, or has left. */
	delete(subscriber: Subscriber): void {
		this.#subscribers.delete(subscriber);
	}

	/** Drops what is unread of those whose time is over. */
	dropOverdue(now: number): void {
		for (const subscriber of this.#subscribers) {
			const at = dropsAt(subscriber);
			if (at === undefined || at > now) return;
			this.#drop(subscriber);
		}
	}

	#drop(subscriber: Subscriber): void {
		this.delete(subscriber);
		subscriber.outlet.drop();
	}
}

function dropsAt({ lag }: Subscriber): number | undefined {
	return lag.state === "draining" ? lag.until : undefined;
}
