/** Calls `beat` when nothing was written for a heartbeat interval. */
export class Heartbeat {
	readonly #milliseconds: number;
	readonly #beat: () => void;
	#writtenAt = Date.now();
	#timer: number | null = null;

	constructor(milliseconds: number, beat: () => void) {
		this.#milliseconds = milliseconds;
		this.#beat = beat;
	}

	start(): void {
		const due = this.#writtenAt + this.#milliseconds - Date.now();
		this.#timer = setTimeout(
			() => {
				if (Date.now() - this.#writtenAt >= this.#milliseconds) this.#beat();
				this.start();
			},
			Math.max(due, 0),
		);
	}

	/** Restarts the interval after a write. */
	wrote(): void {
		this.#writtenAt = Date.now();
	}

	stop(): void {
		clearTimeout(this.#timer);
	}
}
