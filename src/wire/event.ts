import { formatCursor } from "./cursor.ts";

/** Whom an event is for; no user and no claims: everyone. */
export interface Recipients {
	user?: string;
	claims?: Record<string, string | number | boolean | null>;
}

/** An event that has been checked and is ready for a channel's log. `data` is JSON text. */
export interface NewEvent {
	type: string;
	data: string;
	retry?: number;
	to?: Recipients;
}

/** An event with its place in a channel's log. `at` is in unix milliseconds. */
export interface StoredEvent extends NewEvent {
	offset: number;
	at: number;
}

/**
 * How a stream's events are written: as frames, as frames whose data is the event's envelope, the same without a name, or
 * as JSON messages, a line each, for WebSocket clients.
 */
export type EventForm = "frame" | "envelope" | "unnamed" | "message";

/** The text that goes out as the event's `data`. */
export function sentData(event: NewEvent): string {
	return event.data.startsWith('"') ? (JSON.parse(event.data) as string) : event.data;
}

/**
 * An event as the service writes it in JSON, in `envelope` streams and in `GET /channels/{channel}/events`.
 *
 * @example
 * envelopeJson({ offset: 7, at: 0, type: "order", data: '{"id":1}' }, "orders");
 * // '{"channel":"orders","id":"7","type":"order","at":0,"data":{"id":1}}'
 */
export function envelopeJson(event: StoredEvent, channel: string): string {
	const { offset, type, at, data } = event;
	const head = JSON.stringify({ channel, id: formatCursor(offset), type, at });
	// The data is JSON text already: it goes in as it stands.
	return `${head.slice(0, -1)},"data":${data}}`;
}
