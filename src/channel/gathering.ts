/** A group has no more messages or chunks. */
const MAX_MESSAGES = 500;

/**
 * Lets what publishers send in close succession share a commit. The runtime hands over the next message of a WebSocket, or
 * the next chunk of a body, only when nothing is being written, so that each would be committed by itself. A wait is
 * repeated for as long as it brings more. It costs what comes alone a millisecond or two.
 */
export class Gathering {
	readonly #skipped: number;
	#messages = 0;
	/** How many had come when the last group was formed. */
	#gathered = 0;
	#skips = 0;

	/** @param skipped how many groups are formed without a wait after one that brought nothing. */
	constructor(skipped: number) {
		this.#skipped = skipped;
	}

	/** A message or a chunk has come. */
	came(): void {
		this.#messages += 1;
	}

	/** Waits while messages come. Returns `undefined` if a group is better formed at once. */
	begin(): Promise<void> | undefined {
		if (this.#messages === this.#gathered) return undefined;
		if (this.#skips === 0) return this.#wait();
		this.#skips -= 1;
		this.#gathered = this.#messages;
		return undefined;
	}

	async #wait(): Promise<void> {
		const before = this.#messages;
		do {
			this.#gathered = this.#messages;
			await scheduler.wait(0);
		} while (this.#messages > this.#gathered && this.#messages < before + MAX_MESSAGES);
		this.#gathered = this.#messages;
		this.#skips = this.#messages === before ? this.#skipped : 0;
	}
}
