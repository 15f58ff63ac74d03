import type { Subscriber } from "./subscriber.ts";

/** The maximum number of draining streams. Beyond it, the oldest is dropped. */
const MAX_DRAINING = 100;

/** Streams that have ended while their clients still have much to read. */
export class DrainingStreams {
	/** In the order of their deadlines. */
	readonly #subscribers = new Set<Subscriber>();

	get size(): number {
		return this.#subscribers.size;
	}

	/** The next deadline, in Unix milliseconds; `undefined` if no stream is draining. */
	get nextDue(): number | undefined {
		const [oldest] = this.#subscribers;
		return oldest && dropsAt(oldest);
	}

	/** @param until the deadline, in Unix milliseconds. It must not be earlier than the previous one. */
	add(subscriber: Subscriber, until: number): void {
		subscriber.drain(until);
		this.#subscribers.add(subscriber);
		const [oldest] = this.#subscribers;
		if (oldest && this.size > MAX_DRAINING) this.#drop(oldest);
	}

	/** Removes a stream whose client disconnected. */
	delete(subscriber: Subscriber): void {
		this.#subscribers.delete(subscriber);
	}

	/** Drops the streams whose deadline has passed. */
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
