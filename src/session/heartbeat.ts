/** Calls when nothing was written for so long that a client has to be written to. */
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

	/** Something was written. */
	wrote(): void {
		this.#writtenAt = Date.now();
	}

	stop(): void {
		clearTimeout(this.#timer);
	}
}
