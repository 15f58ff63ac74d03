import type { Offset } from "../wire/offset.ts";
import { lastingOf, type Subscription } from "../wire/subscription.ts";
import type { OutletState } from "./outlet.ts";

/** What restores a subscriber after hibernation. */
interface PersistedSubscriber {
	subscription: Subscription;
	since: number;
	/** Its position if it is behind; absent if it is live. */
	behindAt?: Offset;
}

/** What a hibernatable WebSocket's attachment holds: at most 16 KiB. */
export interface Attachment<Details> {
	/** The tag of the WebSocket, which it loses when it is closed. */
	tag?: string;
	/** Absent if the stream has ended and only the WebSocket is still open. */
	subscriber?: PersistedSubscriber;
	/** What its outlet needs besides. */
	details?: Details;
}

/** Reads the attachment of a WebSocket. It is empty if no stream was opened. */
export function attachmentOf<Details>(socket: WebSocket): Attachment<Details> {
	const bytes = socket.deserializeAttachment() as Uint8Array | null;
	return bytes === null ? {} : (JSON.parse(new TextDecoder().decode(bytes)) as Attachment<Details>);
}

/** Replaces the attachment. It is stored as bytes, so that the size does not depend on how strings are serialised. */
export function attach<Details>(socket: WebSocket, attachment: Attachment<Details>): void {
	socket.serializeAttachment(new TextEncoder().encode(JSON.stringify(attachment)));
}

/** What is kept of a subscriber. */
export function persistedOf({ subscription, since, position, isBehind }: OutletState): PersistedSubscriber {
	return { subscription: lastingOf(subscription), since, ...(isBehind && { behindAt: position }) };
}
