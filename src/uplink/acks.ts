import type { Uplink } from "./uplink.ts";

/** How often a slow client's backlog is looked at. */
const PAUSE_MILLISECONDS = 50;

interface Written {
	uplink: Uplink;
	/** What the channel counts. */
	bytes: number;
	/** How much had been written to the client with this. */
	end: number;
}

/**
 * Acknowledges to the channels what the client has taken, so that they stop sending to one that does not read. One client
 * reads all channels: what leaves first was written first.
 */
export class Acks {
	readonly #unsentBytes: () => number;
	readonly #written: Written[] = [];
	#end = 0;
	#timer: number | null = null;

	constructor(unsentBytes: () => number) {
		this.#unsentBytes = unsentBytes;
	}

	/**
	 * Notes what was written of a channel's events.
	 *
	 * @param bytes as the channel counts them.
	 * @param writtenBytes as they were written to the client.
	 */
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
		const acknowledged = this.#written.splice(0, left < 0 ? this.#written.length : left);
		for (const { uplink, bytes } of acknowledged) uplink.taken(bytes);
		this.#timer = null;
		if (this.#written.length > 0) this.#timer = setTimeout(() => this.#settle(), PAUSE_MILLISECONDS);
	}
}
