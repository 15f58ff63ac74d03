/** Events on their way to one `for await`. The connection goes on when its loops have done with what they were given. */
export class EventLoop<Event> implements AsyncIterator<Event, undefined> {
	readonly #left: () => void;
	#waiting: Event[] = [];
	/** How often the reader has asked for an event, and waits for it. */
	#asked = 0;
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

	/** Resolves when the reader has done with every event, and asks for more: `false` when the loop has ended before. */
	async done(): Promise<boolean> {
		while (!this.#ended && !this.#isDone()) await this.#changed();
		return this.#isDone();
	}

	async next(): Promise<IteratorResult<Event, undefined>> {
		this.#asked += 1;
		this.#change();
		while (this.#waiting.length === 0 && !this.#ended) await this.#changed();
		const event = this.#waiting.shift();
		if (event !== undefined) {
			this.#asked -= 1;
			this.#change();
			return { done: false, value: event };
		}
		if (this.#ended?.error !== undefined) throw this.#ended.error;
		return { done: true, value: undefined };
	}

	async return(): Promise<IteratorResult<Event, undefined>> {
		this.#waiting = [];
		this.#asked += 1;
		this.end({});
		this.#left();
		return { done: true, value: undefined };
	}

	#isDone(): boolean {
		return this.#waiting.length === 0 && this.#asked > 0;
	}

	#changed(): Promise<void> {
		return new Promise((wake) => void this.#wakers.push(wake));
	}

	#change(): void {
		for (const wake of this.#wakers.splice(0)) wake();
	}
}
