import type { StoredEvent } from "./event.ts";
import type { Json } from "./json.ts";

/**
 * The format of events for a session or a relay, which encode them themselves: two lines per event. The second line is the
 * data, which is never parsed: compact JSON has no line break.
 */

/**
 * Writes an event for a session, which is not told its recipients.
 *
 * @example
 * writeStored({ offset: 7, at: 0, type: "order", data: toJson({ id: 1 }) }); // '{"offset":7,"at":0,"type":"order"}\n{"id":1}\n'
 */
export function writeStored({ offset, at, type, retry, data }: StoredEvent): string {
	return `${JSON.stringify({ offset, at, type, retry })}\n${data}\n`;
}

/** Writes an event for a relay, which selects who gets it. */
export function writeWhole({ offset, at, type, retry, to, data }: StoredEvent): string {
	return `${JSON.stringify({ offset, at, type, retry, to })}\n${data}\n`;
}

/**
 * The bytes that events take at most once a session has encoded them as frames: each line break in a text becomes a line
 * of its own, which starts with `data: `.
 *
 * @param text what {@link writeStored} wrote.
 */
export function framedBytes(text: string, bytes: number): number {
	return bytes + 6 * (text.match(/\\[nr]/g)?.length ?? 0);
}

/** Reads the events that {@link writeStored} or {@link writeWhole} wrote. */
export function readStored(text: string): StoredEvent[] {
	const lines = text.split("\n");
	const events: StoredEvent[] = [];
	for (let line = 0; line + 1 < lines.length; line += 2) {
		const head = JSON.parse(lines[line] ?? "") as Omit<StoredEvent, "data">;
		events.push({ ...head, data: lines[line + 1] as Json });
	}
	return events;
}
