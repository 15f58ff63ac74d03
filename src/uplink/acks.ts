import type { ChannelSocket } from "./channel-socket.ts";

/** How often a slow client's backlog is polled. */
const PAUSE_MILLISECONDS = 50;

/** What sent the events: a channel that was rejoined has a new one, which sent none of them. */
type Acknowledged = Pick<ChannelSocket, "acknowledge">;

interface Written {
	socket: Acknowledged;
	/** The number of bytes, as the channel counts them. */
	bytes: number;
	/** The total that was written to the client, including this. */
	end: number;
}

/**
 * Acknowledges what the client has read, which is the channels' backpressure. All channels share the client's queue,
 * which is first in, first out.
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
	wrote(socket: Acknowledged, bytes: number, writtenBytes: number): void {
		this.#end += writtenBytes;
		if (this.#written.length === 0 && this.#unsentBytes() === 0) {
			socket.acknowledge(bytes);
			return;
		}
		this.#written.push({ socket, bytes, end: this.#end });
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
		for (const { socket, bytes } of acknowledged) socket.acknowledge(bytes);
		this.#timer = null;
		if (this.#written.length > 0) this.#timer = setTimeout(() => this.#settle(), PAUSE_MILLISECONDS);
	}
}
