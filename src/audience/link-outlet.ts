import type { ChannelMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import type { Start, Subscription } from "../wire/subscription.ts";
import type { Chunk } from "./chunk.ts";
import { withheldMessage } from "./chunks.ts";
import type { Outlet, OutletState } from "./outlet.ts";

/** The other end of a WebSocket that tells a client by itself: a session in the Worker, or a relay. It acknowledges events. */
export abstract class LinkOutlet implements Outlet {
	readonly isMetered = false;
	readonly isResponse = false;
	/** Draining is up to the other end. */
	readonly mustDrain = false;
	readonly #socket: WebSocket;
	#unsentBytes = 0;
	#isClosed = false;

	constructor(socket: WebSocket) {
		this.#socket = socket;
	}

	abstract readonly streams: number;
	abstract open(start: Start, subscription: Subscription, now: number): void;
	abstract tell(message: ChannelMessage): void;
	abstract persist(state: OutletState): void;

	get unsentBytes(): number {
		return this.#unsentBytes;
	}

	/**
	 * Acknowledges bytes. The count is not persisted, so after hibernation more may be acknowledged than was counted.
	 */
	acknowledge(bytes: number): void {
		this.#unsentBytes = Math.max(0, this.#unsentBytes - bytes);
	}

	deliver(chunk: Chunk | undefined, position: Offset): void {
		if (this.#isClosed) return;
		this.#socket.send(chunk ? chunk.message : withheldMessage(position));
		this.#unsentBytes += chunk?.bytes ?? 0;
	}

	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#socket.close(1000);
	}

	drop(): void {
		this.close();
	}

	/** The other end handles heartbeats and signs of life. */
	heartbeatDue(): number {
		return Number.POSITIVE_INFINITY;
	}

	lostAt(): number {
		return Number.POSITIVE_INFINITY;
	}

	protected get isClosed(): boolean {
		return this.#isClosed;
	}

	protected send(message: ChannelMessage): void {
		if (!this.#isClosed) this.#socket.send(JSON.stringify(message));
	}
}
