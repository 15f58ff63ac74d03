import type { ChannelMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import type { Subscription } from "../wire/subscription.ts";
import type { Chunk } from "./chunk.ts";
import { withheldMessage } from "./chunks.ts";
import type { Outlet, OutletState } from "./outlet.ts";

/** What has to be known of a subscriber when its Channel wakes up. */
export interface KeptSubscriber {
	subscription: Subscription;
	since: number;
	/** Where it reads from the log; absent: it has everything that was published. */
	behindAt?: Offset;
}

/** What a WebSocket's attachment holds; without a subscriber, its stream has ended and only the WebSocket is still open. */
interface Attachment {
	subscriber?: KeptSubscriber;
}

/** A session in the Worker that holds the client's response, at the other end of a WebSocket. It outlives the object. */
export class SessionOutlet implements Outlet {
	readonly isMetered = false;
	/** The session holds what is unread. */
	readonly isUnread = false;
	readonly #socket: WebSocket;
	#unsentBytes = 0;

	constructor(socket: WebSocket) {
		this.#socket = socket;
	}

	/** Reads what was kept with a WebSocket; `undefined` when its stream has ended, or was never opened. */
	static kept(socket: WebSocket): KeptSubscriber | undefined {
		const bytes = socket.deserializeAttachment() as Uint8Array | null;
		if (bytes === null) return undefined;
		return (JSON.parse(new TextDecoder().decode(bytes)) as Attachment).subscriber;
	}

	get unsentBytes(): number {
		return this.#unsentBytes;
	}

	/** The client has taken so many bytes. What was on its way when the object slept is not known any more. */
	taken(bytes: number): void {
		this.#unsentBytes = Math.max(0, this.#unsentBytes - bytes);
	}

	/** The session is told in the answer to its request. */
	open(): void {}

	deliver(chunk: Chunk | undefined, position: Offset): void {
		this.#socket.send(chunk ? chunk.message : withheldMessage(position));
		this.#unsentBytes += chunk?.text.byteLength ?? 0;
	}

	tell(message: ChannelMessage): void {
		this.#socket.send(JSON.stringify(message));
	}

	close(): void {
		this.#attach({});
		this.#socket.close(1000);
	}

	drop(): void {
		this.close();
	}

	/** A start request is left out: it was answered. */
	keep({ subscription, since, position, isBehind }: OutletState): void {
		const { cursor: _, position: __, rewind: ___, since: ____, ...lasting } = subscription;
		this.#attach({ subscriber: { subscription: lasting, since, ...(isBehind && { behindAt: position }) } });
	}

	/** The session beats and listens for signs of life by itself, so that the Channel can sleep. */
	beatDue(): number {
		return Number.POSITIVE_INFINITY;
	}

	isLost(): boolean {
		return false;
	}

	/** Bytes: how much of an attachment a string takes depends on its characters. */
	#attach(attachment: Attachment): void {
		this.#socket.serializeAttachment(new TextEncoder().encode(JSON.stringify(attachment)));
	}
}
