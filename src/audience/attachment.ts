import { readAttachment, writeAttachment } from "../socket-attachment.ts";
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

/** What the attachment of a subscriber's hibernatable WebSocket holds. */
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
	return readAttachment<Attachment<Details>>(socket) ?? {};
}

/** Replaces the attachment. */
export function attach<Details>(socket: WebSocket, attachment: Attachment<Details>): void {
	writeAttachment(socket, attachment);
}

/** What is kept of a subscriber. */
export function persistedOf({ subscription, since, position, isBehind }: OutletState): PersistedSubscriber {
	return { subscription: lastingOf(subscription), since, ...(isBehind && { behindAt: position }) };
}
