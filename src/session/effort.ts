/**
 * An invocation of a Worker has 30 s of CPU time by default, for a write that takes 20 to 40 µs and for every 4 KiB. Before
 * it is cut off, the stream ends in good order, and its client reconnects.
 */
export const MAX_EFFORT = 400_000;
const EFFORT_BYTES = 4096;

/** How much a session has done, in writes. */
export class Effort {
	readonly #max: number;
	#spent = 0;

	constructor(max: number) {
		this.#max = max;
	}

	get isSpent(): boolean {
		return this.#spent > this.#max;
	}

	wrote(bytes: number): void {
		this.#spent += 1 + bytes / EFFORT_BYTES;
	}
}
