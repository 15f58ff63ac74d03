/**
 * A Worker invocation has 30 s of CPU time by default. A write takes 20 to 40 µs, and so does every 4 KiB. Before the
 * budget runs out, the session ends the stream cleanly, and the client reconnects.
 */
export const MAX_WRITES = 400_000;
const BYTES_PER_WRITE = 4096;
/** To decode an event and to encode it again takes 6 to 17 µs. */
const EVENTS_PER_WRITE = 3;

/** A session's CPU budget, counted in writes. */
export class CpuBudget {
	readonly #max: number;
	#spent = 0;

	constructor(max: number) {
		this.#max = max;
	}

	get isSpent(): boolean {
		return this.#spent > this.#max;
	}

	/** @param encodedEvents the number of events that the session encoded for this write. */
	wrote(bytes: number, encodedEvents: number): void {
		this.#spent += 1 + bytes / BYTES_PER_WRITE + encodedEvents / EVENTS_PER_WRITE;
	}
}
