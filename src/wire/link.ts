import type { CloseReason, Gap, Renewal, Start, Subscription } from "./subscription.ts";

/**
 * What the Worker and a Channel say to each other. A subscription comes in a header. It is answered with the client's
 * response; or with a WebSocket, where a relay in the Worker asks for one, and a header that tells where the relay starts.
 * Then events come as binary messages, and everything else as JSON.
 */

/** What a Channel tells a relay, besides events. */
export type ChannelMessage =
	| { type: "gap"; gap: Gap; position: number }
	| { type: "presence"; user: string; state: "online" | "offline" }
	| { type: "expiring"; expires: number }
	| { type: "closing"; reason: CloseReason }
	| { type: "renewed"; renewal: Renewal }
	/** The client has given a sign of life. */
	| { type: "alive" }
	/** The client should be written to: so it is found when it has left. */
	| { type: "beat" };

/** What a relay tells a Channel. It wakes the Channel, so it is kept for when there is something to tell. */
export type RelayMessage =
	/** The client has taken so many bytes more of the events. */
	{ type: "taken"; bytes: number } | { type: "renew"; renewal: Renewal };

/** Events on their way to a relay. */
export interface EventsMessage {
	/** Where the relay's client stands with it: events up to here were sent, or withheld. */
	position: number;
	/** The offset of the last event in `frames`; 0 when all were withheld. */
	offset: number;
	/** How many events there are in `frames`, and how many of them were replayed. */
	events: number;
	replayed: number;
	frames: Uint8Array;
}

/** Where an event message has its frames. Before them stand two 64-bit floats and two 32-bit integers. */
export const FRAMES_AT = 24;

/** Writes an event message, once for all relays that get the same. */
export function encodeEvents({ position, offset, events, replayed }: Omit<EventsMessage, "frames">, frames: string) {
	const text = new TextEncoder().encode(frames);
	const message = new Uint8Array(FRAMES_AT + text.byteLength);
	const header = new DataView(message.buffer);
	header.setFloat64(0, position);
	header.setFloat64(8, offset);
	header.setUint32(16, events);
	header.setUint32(20, replayed);
	message.set(text, FRAMES_AT);
	return message;
}

/** Reads an event message. */
export function decodeEvents(message: ArrayBuffer): EventsMessage {
	const header = new DataView(message);
	return {
		position: header.getFloat64(0),
		offset: header.getFloat64(8),
		events: header.getUint32(16),
		replayed: header.getUint32(20),
		frames: new Uint8Array(message, FRAMES_AT),
	};
}

/** The request for a client's response. */
export function openRequest(subscription: Subscription): Request {
	return new Request("https://channel/", { headers: subscriptionHeader(subscription) });
}

/** The request for a relay's WebSocket. */
export function joinRequest(subscription: Subscription): Request {
	return new Request("https://channel/", { headers: { Upgrade: "websocket", ...subscriptionHeader(subscription) } });
}

function subscriptionHeader(subscription: Subscription): Record<string, string> {
	// A header holds ASCII only.
	return { "Tidings-Subscription": encodeURIComponent(JSON.stringify(subscription)) };
}

/** Whether a request is a relay's. */
export function isJoining(request: Request): boolean {
	return request.headers.has("Upgrade");
}

/** The subscription in a request. */
export function requestedSubscription(request: Request): Subscription {
	return JSON.parse(decodeURIComponent(request.headers.get("Tidings-Subscription") ?? "")) as Subscription;
}

/** The answer to a relay. */
export function joinResponse(socket: WebSocket, start: Start | undefined): Response {
	const header = encodeURIComponent(JSON.stringify(start));
	return new Response(null, { status: 101, webSocket: socket, headers: { "Tidings-Start": header } });
}

/** Where the answer says that the relay starts. */
export function joinedStart(response: Response): Start {
	return JSON.parse(decodeURIComponent(response.headers.get("Tidings-Start") ?? "null")) as Start;
}
