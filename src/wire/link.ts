import { Problem } from "../errors.ts";
import type { CloseReason, EndReason } from "./control.ts";
import { DIALECTS } from "./dialect/dialects.ts";
import type { Offset } from "./offset.ts";
import type { RelayMessage } from "./relay.ts";
import type { LogGap, Renewal, Start, Subscription } from "./subscription.ts";

/**
 * The protocol between the Worker and a Channel for one stream. The request carries the subscription in a header. The
 * Channel returns the client's response or, to a session, a WebSocket and a header with the session's start. On the
 * WebSocket, events are binary messages and everything else is JSON.
 */

/** A message from a Channel to a subscriber, other than events. */
export type ChannelMessage =
	| { type: "gap"; gap: LogGap; position: Offset }
	| PresenceMessage
	| { type: "expiring"; expiresAt: number }
	| { type: "closing"; reason: CloseReason }
	/** To a session of several channels: this one has ended. The session ends when all of them have. */
	| { type: "ended"; reason: EndReason }
	/** The stream was renewed. */
	| { type: "renewed"; renewal: Renewal }
	/** The client has given a sign of life. */
	| { type: "alive" }
	/** Send the client a heartbeat: only a write detects a dead connection. */
	| { type: "heartbeat" }
	| RelayMessage;

/** Who has come or gone, or how many are there. */
export type PresenceMessage =
	| { type: "presence"; user: string; state: "online" | "offline" }
	| { type: "presence"; count: number };

/** A message from a session or a relay to a Channel. Rare, because it wakes a hibernating Channel. */
export type SessionMessage =
	/** Acknowledges that the client has read this many more bytes of events. */
	| { type: "ack"; bytes: number }
	| { type: "renew"; renewal: Renewal }
	/** From a relay: one of its streams asks for presence. */
	| { type: "observe" };

/** A batch of events for a session. */
export interface EventsMessage {
	/** The client's position after this batch. Every event up to it was sent or filtered out. */
	position: Offset;
	/** The offset of the last event in `text`; absent if all events were filtered out. */
	last?: Offset;
	/** The number of events in `text`. */
	events: number;
	/** The number of them that were replayed. */
	replayed: number;
	/** What the events add to the client's backlog: what is acknowledged once the client has read them. */
	bytes: number;
	/** The events, in the subscription's dialect. */
	text: Uint8Array;
}

/** The size of a message's header: two float64 and three uint32. The text follows. */
export const TEXT_AT = 28;

/** Encodes a batch. Sessions that get the same events share the result. */
export function encodeEvents(
	{ position, last, events, replayed, bytes }: Omit<EventsMessage, "text">,
	text: Uint8Array,
): Uint8Array {
	const message = new Uint8Array(TEXT_AT + text.byteLength);
	const header = new DataView(message.buffer);
	header.setFloat64(0, position);
	header.setFloat64(8, last ?? Number.NaN);
	header.setUint32(16, events);
	header.setUint32(20, replayed);
	header.setUint32(24, bytes);
	message.set(text, TEXT_AT);
	return message;
}

/** Decodes a batch. */
export function decodeEvents(message: ArrayBuffer): EventsMessage {
	const header = new DataView(message);
	const last = header.getFloat64(8);
	return {
		position: header.getFloat64(0),
		...(!Number.isNaN(last) && { last }),
		events: header.getUint32(16),
		replayed: header.getUint32(20),
		bytes: header.getUint32(24),
		text: new Uint8Array(message, TEXT_AT),
	};
}

/** Marks the request of a relay, which joins to follow the log. */
const FOLLOW = "Tidings-Follow";

/** The URL of all requests to a Channel. */
export const CHANNEL_URL = "https://channel/";

/**
 * The headers of a request to a Channel. The runtime makes a `Request` of them anyway, and copies one that is made before.
 */
export type LinkHeaders = Readonly<Record<string, string>>;

/**
 * The headers of the request that opens a stream in the object.
 *
 * @param requestId the id of the client's request, for its response.
 */
export function openHeaders(subscription: Subscription, requestId: string): LinkHeaders {
	return { "Tidings-Stream": asciiJson(subscription), "X-Request-Id": requestId };
}

/** The headers of the request that joins a session or a relay to a Channel. */
export function joinHeaders(subscription: Subscription): LinkHeaders {
	const isRelay = subscription.dialect === "whole";
	return { "Tidings-Stream": asciiJson(subscription), Upgrade: "websocket", ...(isRelay && { [FOLLOW]: "1" }) };
}

/** Serialises a value as JSON for a header, whose value must be ASCII. */
export function asciiJson(value: unknown): string {
	const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
	return JSON.stringify(value).replace(/[^ -~]/g, escaped);
}

/** Whether a session sent the request. */
export function isJoining(request: Request): boolean {
	return request.headers.has("Upgrade");
}

/**
 * Reads the subscription from a request.
 *
 * @throws Problem `channel_unavailable` if a Worker of another version sent it, which may go on for a while after a deploy.
 */
export function requestedSubscription(request: Request): Subscription {
	const subscription = JSON.parse(request.headers.get("Tidings-Stream") ?? "{}") as Subscription;
	if (
		subscription.dialect === "stored" ||
		subscription.dialect === "whole" ||
		Object.hasOwn(DIALECTS, subscription.dialect)
	)
		return subscription;
	throw new Problem("channel_unavailable", "The stream was opened by another version of the service. Connect again.");
}

/** A relay that is to follow a channel. */
interface JoiningRelay {
	name: string;
	/** Identifies the relay's object. */
	life: string;
	subscription: Subscription;
}

/** The subscription of a relay: everything, for as long as it stays. */
export function relaySubscription(relay: string, life: string, maxBacklogBytes: number): Subscription {
	return {
		connection: `${relay} ${life}`,
		channels: [],
		user: "",
		claims: {},
		dialect: "whole",
		presence: false,
		maxBacklogBytes,
		expiresAt: Number.MAX_SAFE_INTEGER,
		endsAt: Number.MAX_SAFE_INTEGER,
	};
}

/** Reads which relay is to follow; `undefined` for any other request. */
export function requestedRelay(request: Request): JoiningRelay | undefined {
	if (!request.headers.has(FOLLOW)) return undefined;
	const subscription = requestedSubscription(request);
	const [name = "", life = ""] = subscription.connection.split(" ");
	return { name, life, subscription };
}

/** The id of the client's request, which the request to open a stream carries. */
export function clientRequestId(request: Request): string {
	return request.headers.get("X-Request-Id") ?? "";
}

/** How a client's WebSocket was opened, for what comes over it later. */
export interface Opening {
	/** The URL of the request that opened it, without its query. */
	url: string;
	/** The id of that request. */
	request: string;
}

/** What opens a WebSocket client's stream in the object. */
export interface ClientConnection {
	subscription: Subscription;
	opening: Opening;
}

/** The headers of the request that connects a WebSocket client to a Channel. */
export function connectHeaders(connection: ClientConnection): LinkHeaders {
	return { "Tidings-Client": asciiJson(connection), Upgrade: "websocket" };
}

/** Reads what {@link connectHeaders} carry; `undefined` for any other request. */
export function requestedConnection(request: Request): ClientConnection | undefined {
	const header = request.headers.get("Tidings-Client");
	return header === null ? undefined : (JSON.parse(header) as ClientConnection);
}

/** The response to a join request. */
export function joinResponse(socket: WebSocket, start: Start): Response {
	return new Response(null, { status: 101, webSocket: socket, headers: { "Tidings-Start": asciiJson(start) } });
}

/** Reads the session's start from the response to its join request. */
export function joinedStart(response: Response): Start {
	return JSON.parse(response.headers.get("Tidings-Start") ?? "null") as Start;
}
