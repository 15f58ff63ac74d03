import type { ChannelMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import { attach, persistedOf } from "./attachment.ts";
import type { Chunk } from "./chunk.ts";
import { withheldMessage } from "./chunks.ts";
import type { Outlet, OutletState } from "./outlet.ts";

/** The tag of sessions' WebSockets. */
export const SESSION = "session";

/** A session in the Worker, over a hibernatable WebSocket. The session outlives the object. */
export class SessionOutlet implements Outlet {
	readonly isMetered = false;
	readonly isResponse = false;
	readonly streams = 1;
	/** Draining is up to the session. */
	readonly mustDrain = false;
	readonly #socket: WebSocket;
	#unsentBytes = 0;
	#isClosed = false;

	constructor(socket: WebSocket) {
		this.#socket = socket;
	}

	get unsentBytes(): number {
		return this.#unsentBytes;
	}

	/**
	 * Acknowledges bytes. The count is not persisted, so after hibernation more may be acknowledged than was counted.
	 */
	acknowledge(bytes: number): void {
		this.#unsentBytes = Math.max(0, this.#unsentBytes - bytes);
	}

	/** Nothing to send: the response to the join carries the start. */
	open(): void {}

	deliver(chunk: Chunk | undefined, position: Offset): void {
		if (this.#isClosed) return;
		this.#socket.send(chunk ? chunk.message : withheldMessage(position));
		this.#unsentBytes += chunk?.bytes ?? 0;
	}

	tell(message: ChannelMessage): void {
		if (!this.#isClosed) this.#socket.send(JSON.stringify(message));
	}

	close(): void {
		this.#isClosed = true;
		attach(this.#socket, {});
		this.#socket.close(1000);
	}

	drop(): void {
		this.close();
	}

	persist(state: OutletState): void {
		// A closed stream must not come back when the object wakes, though its session may still send something.
		if (!this.#isClosed) attach(this.#socket, { tag: SESSION, subscriber: persistedOf(state) });
	}

	/** The session handles heartbeats and signs of life, so that the object can hibernate. */
	heartbeatDue(): number {
		return Number.POSITIVE_INFINITY;
	}

	lostAt(): number {
		return Number.POSITIVE_INFINITY;
	}
}
