import { formatCursor } from "./cursor.ts";
import type { Json } from "./json.ts";
import type { Offset } from "./offset.ts";

/** The recipients of an event. Without `user` and `claims`: every subscriber. */
export interface Recipients {
	user?: string;
	claims?: Record<string, string | number | boolean | null>;
}

/** A validated event, ready to be appended to a log. */
export interface NewEvent {
	type: string;
	data: Json;
	/** The reconnection time for clients, in milliseconds. */
	retry?: number;
	to?: Recipients;
}

/** An event in a channel's log. */
export interface StoredEvent extends NewEvent {
	offset: Offset;
	/** When it was published, in Unix milliseconds. */
	at: number;
}

/**
 * Returns the data as clients read it: a string as it is, anything else as compact JSON.
 *
 * @example
 * sentData({ type: "message", data: toJson("hello") }); // "hello"
 */
export function sentData({ data }: NewEvent): string {
	return data.startsWith('"') ? (JSON.parse(data) as string) : data;
}

/**
 * Serialises an event as an envelope, for `envelope` streams and `GET /channels/{channel}/events`.
 *
 * @example
 * envelopeJson({ offset: 7, at: 0, type: "order", data: toJson({ id: 1 }) }, "orders");
 * // '{"channel":"orders","id":"7","type":"order","at":0,"data":{"id":1}}'
 */
export function envelopeJson({ offset, type, at, data }: StoredEvent, channel: string): Json {
	return withData({ channel, id: formatCursor(offset), type, at }, data);
}

/** Adds `data` to an object without parsing it, so that numbers keep their digits. */
export function withData(head: object, data: Json): Json {
	return `${JSON.stringify(head).slice(0, -1)},"data":${data}}` as Json;
}
