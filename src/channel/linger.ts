import type { Publish } from "./publishing.ts";

/** Collects publishes that come within a time, so that they are committed together. Their publisher bounds their number. */
export class Linger {
	readonly #submit: (publishes: Publish[]) => void;
	#milliseconds: number;
	#waiting: Publish[] = [];
	#timer: number | null = null;

	/** @param milliseconds how long the first of them waits for others; 0: not at all. */
	constructor(milliseconds: number, submit: (publishes: Publish[]) => void) {
		this.#milliseconds = milliseconds;
		this.#submit = submit;
	}

	add(publishes: Publish[]): void {
		if (this.#milliseconds === 0) {
			this.#submit(publishes);
			return;
		}
		this.#waiting.push(...publishes);
		this.#timer ??= setTimeout(() => this.#flush(), this.#milliseconds);
	}

	/** Submits what waits. Whatever comes from now on does not wait. */
	end(): void {
		this.#milliseconds = 0;
		this.#flush();
	}

	#flush(): void {
		clearTimeout(this.#timer);
		this.#timer = null;
		const publishes = this.#waiting;
		this.#waiting = [];
		if (publishes.length > 0) this.#submit(publishes);
	}
}
