import type { Uplink } from "./uplink.ts";

/** How often a client that is slow is asked what it has taken. */
const PAUSE_MILLISECONDS = 50;

interface Written {
	uplink: Uplink;
	/** What the channel counts. */
	bytes: number;
	/** All that had been written to the client with this. */
	end: number;
}

/**
 * Tells the channels what the client has taken, so that they stop sending to one that does not read. One client reads
 * them all: what leaves first was written first.
 */
export class Flow {
	readonly #unsentBytes: () => number;
	readonly #written: Written[] = [];
	#end = 0;
	#timer: number | null = null;

	constructor(unsentBytes: () => number) {
		this.#unsentBytes = unsentBytes;
	}

	/** Notes what was written of a channel's events. */
	wrote(uplink: Uplink, bytes: number, writtenBytes: number): void {
		this.#end += writtenBytes;
		if (this.#written.length === 0 && this.#unsentBytes() === 0) {
			uplink.taken(bytes);
			return;
		}
		this.#written.push({ uplink, bytes, end: this.#end });
		if (this.#timer === null) this.#settle();
	}

	stop(): void {
		clearTimeout(this.#timer);
		this.#written.length = 0;
	}

	#settle(): void {
		const taken = this.#end - this.#unsentBytes();
		const left = this.#written.findIndex(({ end }) => end > taken);
		for (const { uplink, bytes } of this.#written.splice(0, left < 0 ? this.#written.length : left))
			uplink.taken(bytes);
		this.#timer = null;
		if (this.#written.length > 0) this.#timer = setTimeout(() => this.#settle(), PAUSE_MILLISECONDS);
	}
}
