/** So many events may wait for a reader before the connection stops reading too. */
const MAX_WAITING = 256;

/** Events on their way to one `for await`. A reader that is slower than the events slows the connection down. */
export class EventQueue<Event> implements AsyncIterator<Event, undefined> {
	readonly #left: () => void;
	#waiting: Event[] = [];
	#ended: { error?: unknown } | undefined;
	#arrived = Promise.withResolvers<void>();
	#taken = Promise.withResolvers<void>();

	/** @param left the reader wants no more. */
	constructor(left: () => void) {
		this.#left = left;
	}

	push(event: Event): void {
		this.#waiting.push(event);
		this.#arrived.resolve();
	}

	/** Ends the loop once what waits has been read; with an error, the loop throws it. */
	end(ended: { error?: unknown }): void {
		this.#ended = ended;
		this.#arrived.resolve();
		this.#taken.resolve();
	}

	/** Resolves when there is room for more events. */
	async room(): Promise<void> {
		while (this.#waiting.length >= MAX_WAITING && !this.#ended) await this.#taken.promise;
	}

	async next(): Promise<IteratorResult<Event, undefined>> {
		for (;;) {
			const [event] = this.#waiting.splice(0, 1);
			this.#taken.resolve();
			this.#taken = Promise.withResolvers();
			if (event !== undefined) return { done: false, value: event };
			if (this.#ended?.error !== undefined) throw this.#ended.error;
			if (this.#ended) return { done: true, value: undefined };
			this.#arrived = Promise.withResolvers();
			await this.#arrived.promise;
		}
	}

	async return(): Promise<IteratorResult<Event, undefined>> {
		this.#waiting = [];
		this.end({});
		this.#left();
		return { done: true, value: undefined };
	}
}
