import type { ControlEvents } from "../control.ts";
import { formatCursor } from "../cursor.ts";
import { envelopeJson, type StoredEvent, sentData } from "../event.ts";
import { MAX_RETRY_MILLISECONDS } from "../retry.ts";

/**
 * The frames of an event stream (WHATWG HTML, "Server-sent events", section "Parsing an event stream").
 * Whatever goes into one stays inside one: data is split at every line end, types hold no control characters.
 */

const LINE_END = /\r\n|\r|\n/;

interface Fields {
	retry?: number | undefined;
	event?: string | undefined;
	id: string;
	data: string;
}

function frame({ retry, event, id, data }: Fields): string {
	let text = "";
	if (retry !== undefined) text += `retry: ${retry}\n`;
	if (event !== undefined) text += `event: ${event}\n`;
	text += `id: ${id}\n`;
	for (const line of data.split(LINE_END)) text += `data: ${line}\n`;
	return `${text}\n`;
}

/**
 * An event as its subscribers read it.
 *
 * @example
 * eventFrame({ offset: 7, at: 0, type: "order", data: '{"id":1}' }); // 'event: order\nid: 7\ndata: {"id":1}\n\n'
 */
export function eventFrame(event: StoredEvent): string {
	return frame({ ...namedFields(event), data: sentData(event) });
}

/** An event of an `envelope=1` stream: its data says where it comes from and when it was published. */
export function envelopeFrame(event: StoredEvent, channel: string): string {
	return frame({ ...namedFields(event), data: envelopeJson(event, channel) });
}

/** The same without a name: a browser's `EventSource` hears it as a `message`, whatever type its envelope tells. */
export function unnamedFrame(event: StoredEvent, channel: string): string {
	return frame({ ...namedFields(event), event: undefined, data: envelopeJson(event, channel) });
}

function namedFields({ offset, type, retry }: StoredEvent) {
	return { retry, event: type === "message" ? undefined : type, id: formatCursor(offset) };
}

/**
 * The same frames with other ids: a stream of several channels has cursors of its own.
 *
 * No data and no type can be taken for an id: every line end in them was dealt with when they were written.
 *
 * @example
 * replaceIds("id: 7\ndata: a\n\n", (offset) => `x${offset}`); // "id: x7\ndata: a\n\n"
 */
export function replaceIds(frames: string, cursorAt: (offset: number) => string): string {
	return frames.replace(/(?<=^|\n)id: (\d+)(?=\n)/g, (_, offset: string) => `id: ${cursorAt(Number(offset))}`);
}

/**
 * A control event. `id` is the client's cursor of that moment: some clients forget theirs at a frame without one.
 *
 * @example
 * controlFrame("expiring", { expires: 1795223089 }, "7"); // 'event: expiring\nid: 7\ndata: {"expires":1795223089}\n\n'
 */
export function controlFrame<Type extends keyof ControlEvents>(
	type: Type,
	data: ControlEvents[Type],
	id: string,
	retry?: number,
): string {
	return frame({ retry, event: type, id, data: JSON.stringify(data) });
}

/** The last frame. Clients that come back whatever it says are told to wait as long as they can be. */
export function closingFrame(closing: ControlEvents["closing"], id: string): string {
	return controlFrame("closing", closing, id, closing.reconnect ? undefined : MAX_RETRY_MILLISECONDS);
}

/**
 * What keeps the connection alive: a comment, without an empty line, which some clients take for a message. With a
 * cursor, it moves the client past events that were withheld, and needs data: most clients ignore the `id` of a frame
 * that has none.
 *
 * @example
 * heartbeatFrame(); // ":\n"
 * heartbeatFrame("7"); // "event: heartbeat\nid: 7\ndata: {}\n\n"
 */
export function heartbeatFrame(cursor?: string): string {
	return cursor === undefined ? ":\n" : frame({ event: "heartbeat", id: cursor, data: "{}" });
}
