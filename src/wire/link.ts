import type { CloseReason } from "./control.ts";
import type { Offset } from "./offset.ts";
import type { LogGap, Renewal, Start, Subscription } from "./subscription.ts";

/**
 * What the Worker and a Channel say to each other about a stream. A subscription comes in a header. It is answered with
 * the client's response; or, where a session in the Worker asks for it, with a WebSocket, and a header that tells where the
 * session starts. Then events come as binary messages, and everything else as JSON.
 */

/** What a Channel tells a subscriber, besides events. */
export type ChannelMessage =
	| { type: "gap"; gap: LogGap; position: Offset }
	| { type: "presence"; user: string; state: "online" | "offline" }
	| { type: "expiring"; expiresAt: number }
	| { type: "closing"; reason: CloseReason }
	/** The stream has new credentials. */
	| { type: "renewed"; renewal: Renewal }
	/** The client has given a sign of life. */
	| { type: "alive" }
	/** The client has to be written to, which finds out whether it has left. */
	| { type: "beat" };

/** What a session tells a Channel. It wakes the Channel, so it is sent rarely. */
export type SessionMessage =
	/** The client has taken so many bytes more of the events: an acknowledgement. */
	{ type: "taken"; bytes: number } | { type: "renew"; renewal: Renewal };

/** Events on their way to a session. */
export interface EventsMessage {
	/** Where the session's client stands with it: events up to here were sent, or withheld. */
	position: Offset;
	/** The offset of the last event in `text`; absent when all of them were withheld. */
	last?: Offset;
	/** How many events `text` holds. */
	events: number;
	/** How many of them were replayed. */
	replayed: number;
	/** The events, written as the subscription asks for it. */
	text: Uint8Array;
}

/** Where a message has its text. Before it are two 64-bit floats and two 32-bit integers. */
export const TEXT_AT = 24;

/** Writes an events message, once for all sessions that get the same. */
export function encodeEvents({ position, last, events, replayed }: Omit<EventsMessage, "text">, text: string) {
	const bytes = new TextEncoder().encode(text);
	const message = new Uint8Array(TEXT_AT + bytes.byteLength);
	const header = new DataView(message.buffer);
	header.setFloat64(0, position);
	header.setFloat64(8, last ?? Number.NaN);
	header.setUint32(16, events);
	header.setUint32(20, replayed);
	message.set(bytes, TEXT_AT);
	return message;
}

/** Reads an events message. */
export function decodeEvents(message: ArrayBuffer): EventsMessage {
	const header = new DataView(message);
	const last = header.getFloat64(8);
	return {
		position: header.getFloat64(0),
		...(!Number.isNaN(last) && { last }),
		events: header.getUint32(16),
		replayed: header.getUint32(20),
		text: new Uint8Array(message, TEXT_AT),
	};
}

/** The request for a client's response. */
export function openRequest(subscription: Subscription): Request {
	return new Request("https://channel/", { headers: subscriptionHeader(subscription) });
}

/** The request for a session's WebSocket. */
export function joinRequest(subscription: Subscription): Request {
	return new Request("https://channel/", { headers: { Upgrade: "websocket", ...subscriptionHeader(subscription) } });
}

function subscriptionHeader(subscription: Subscription): Record<string, string> {
	// A header holds ASCII only.
	return { "Tidings-Subscription": encodeURIComponent(JSON.stringify(subscription)) };
}

/** Whether a request is a session's. */
export function isJoining(request: Request): boolean {
	return request.headers.has("Upgrade");
}

/** The subscription in a request. */
export function requestedSubscription(request: Request): Subscription {
	return JSON.parse(decodeURIComponent(request.headers.get("Tidings-Subscription") ?? "")) as Subscription;
}

/** The answer to a session. */
export function joinResponse(socket: WebSocket, start: Start): Response {
	const header = encodeURIComponent(JSON.stringify(start));
	return new Response(null, { status: 101, webSocket: socket, headers: { "Tidings-Start": header } });
}

/** Where the answer says that the session starts. */
export function joinedStart(response: Response): Start {
	return JSON.parse(decodeURIComponent(response.headers.get("Tidings-Start") ?? "null")) as Start;
}
