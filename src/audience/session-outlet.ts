import type { ChannelMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import { lastingOf, type Subscription } from "../wire/subscription.ts";
import type { Chunk } from "./chunk.ts";
import { withheldMessage } from "./chunks.ts";
import type { Outlet, OutletState } from "./outlet.ts";

/** What restores a subscriber after hibernation. */
export interface PersistedSubscriber {
	subscription: Subscription;
	since: number;
	/** Its position if it is behind; absent if it is live. */
	behindAt?: Offset;
}

/**
 * What a WebSocket's attachment holds. Without a subscriber, the stream has ended and only the WebSocket is still open.
 */
interface Attachment {
	subscriber?: PersistedSubscriber;
}

/** A session in the Worker, over a hibernatable WebSocket. The session outlives the object. */
export class SessionOutlet implements Outlet {
	readonly isMetered = false;
	/** Draining is up to the session. */
	readonly mustDrain = false;
	readonly #socket: WebSocket;
	#unsentBytes = 0;
	#isClosed = false;

	constructor(socket: WebSocket) {
		this.#socket = socket;
	}

	/** Reads a WebSocket's attachment; `undefined` if its stream has ended, or was never opened. */
	static persisted(socket: WebSocket): PersistedSubscriber | undefined {
		const bytes = socket.deserializeAttachment() as Uint8Array | null;
		if (bytes === null) return undefined;
		return (JSON.parse(new TextDecoder().decode(bytes)) as Attachment).subscriber;
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
		this.#attach({});
		this.#socket.close(1000);
	}

	drop(): void {
		this.close();
	}

	persist({ subscription, since, position, isBehind }: OutletState): void {
		// A closed stream must not come back when the object wakes, though its session may still send something.
		if (this.#isClosed) return;
		const kept = { subscription: lastingOf(subscription), since, ...(isBehind && { behindAt: position }) };
		this.#attach({ subscriber: kept });
	}

	/** The session handles heartbeats and signs of life, so that the object can hibernate. */
	heartbeatDue(): number {
		return Number.POSITIVE_INFINITY;
	}

	isLost(): boolean {
		return false;
	}

	/** Stored as bytes, so that the size does not depend on how strings are serialised. */
	#attach(attachment: Attachment): void {
		this.#socket.serializeAttachment(new TextEncoder().encode(JSON.stringify(attachment)));
	}
}
