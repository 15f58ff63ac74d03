/** The events for one `for await` loop. The connection reads on when each of its loops has finished with its events. */
export class EventLoop<Event> implements AsyncIterator<Event, undefined> {
	readonly #onReturn: () => void;
	#waiting: Event[] = [];
	/** How many calls of `next()` have not been answered yet. */
	#waitingReads = 0;
	#ended: { error?: unknown } | undefined;
	readonly #wakers: (() => void)[] = [];

	/** @param onReturn called when the reader leaves the loop. */
	constructor(onReturn: () => void) {
		this.#onReturn = onReturn;
	}

	push(event: Event): void {
		this.#waiting.push(event);
		this.#change();
	}

	/** Ends the loop after the events that wait. With an error, the loop throws it. */
	end(ended: { error?: unknown }): void {
		this.#ended = ended;
		this.#change();
	}

	/** Resolves when the reader has finished with every event and asks for the next; `false` if the loop ended before. */
	async finished(): Promise<boolean> {
		while (!this.#ended && !this.#isIdle) await this.#changed();
		return this.#isIdle;
	}

	async next(): Promise<IteratorResult<Event, undefined>> {
		this.#waitingReads += 1;
		this.#change();
		while (this.#waiting.length === 0 && !this.#ended) await this.#changed();
		const event = this.#waiting.shift();
		if (event !== undefined) {
			this.#waitingReads -= 1;
			this.#change();
			return { done: false, value: event };
		}
		if (this.#ended?.error !== undefined) throw this.#ended.error;
		return { done: true, value: undefined };
	}

	async return(): Promise<IteratorResult<Event, undefined>> {
		this.#waiting = [];
		this.#waitingReads += 1;
		this.end({});
		this.#onReturn();
		return { done: true, value: undefined };
	}

	get #isIdle(): boolean {
		return this.#waiting.length === 0 && this.#waitingReads > 0;
	}

	#changed(): Promise<void> {
		return new Promise((wake) => void this.#wakers.push(wake));
	}

	#change(): void {
		for (const wake of this.#wakers.splice(0)) wake();
	}
}
