/** Events on their way to one `for await`. The connection goes on when its loops have done with what they were given. */
export class EventLoop<Event> implements AsyncIterator<Event, undefined> {
	readonly #left: () => void;
	#waiting: Event[] = [];
	#isAsking = false;
	#ended: { error?: unknown } | undefined;
	readonly #wakers: (() => void)[] = [];

	/** @param left the reader wants no more. */
	constructor(left: () => void) {
		this.#left = left;
	}

	push(event: Event): void {
		this.#waiting.push(event);
		this.#change();
	}

	/** Ends the loop once what waits has been read; with an error, the loop throws it. */
	end(ended: { error?: unknown }): void {
		this.#ended = ended;
		this.#change();
	}

	/** Resolves when the reader has done with every event, and asks for more; or when the loop has ended. */
	async done(): Promise<void> {
		while (!this.#ended && (this.#waiting.length > 0 || !this.#isAsking)) await this.#changed();
	}

	async next(): Promise<IteratorResult<Event, undefined>> {
		this.#isAsking = true;
		this.#change();
		while (this.#waiting.length === 0 && !this.#ended) await this.#changed();
		const event = this.#waiting.shift();
		if (event !== undefined) {
			this.#isAsking = false;
			return { done: false, value: event };
		}
		if (this.#ended?.error !== undefined) throw this.#ended.error;
		return { done: true, value: undefined };
	}

	async return(): Promise<IteratorResult<Event, undefined>> {
		this.#waiting = [];
		this.end({});
		this.#left();
		return { done: true, value: undefined };
	}

	#changed(): Promise<void> {
		return new Promise((wake) => void this.#wakers.push(wake));
	}

	#change(): void {
		for (const wake of this.#wakers.splice(0)) wake();
	}
}
