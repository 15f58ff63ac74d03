/** Collects what comes within a time, so that it is committed together. Whoever adds to it bounds how much that is. */
export class Linger<Item> {
	readonly #submit: (items: Item[]) => void;
	#milliseconds: number;
	#waiting: Item[] = [];
	#timer: number | null = null;

	/** @param milliseconds how long the first of them waits for others; 0: not at all. */
	constructor(milliseconds: number, submit: (items: Item[]) => void) {
		this.#milliseconds = milliseconds;
		this.#submit = submit;
	}

	add(items: Item[]): void {
		if (this.#milliseconds === 0) {
			this.#submit(items);
			return;
		}
		this.#waiting.push(...items);
		this.#timer ??= setTimeout(() => this.flush(), this.#milliseconds);
	}

	/** Submits what waits, now. */
	flush(): void {
		clearTimeout(this.#timer);
		this.#timer = null;
		const items = this.#waiting;
		this.#waiting = [];
		if (items.length > 0) this.#submit(items);
	}

	/** Submits what waits. Whatever comes from now on does not wait. */
	end(): void {
		this.#milliseconds = 0;
		this.flush();
	}
}
