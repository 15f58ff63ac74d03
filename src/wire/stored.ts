import type { StoredEvent } from "./event.ts";
import type { Json } from "./json.ts";

/**
 * Events on their way to a session that writes them itself: two lines each. The data has a line of its own, and is never
 * parsed: it is compact JSON, which holds no line end. Whom an event is for stays in the Channel.
 */

/**
 * Writes an event.
 *
 * @example
 * writeStored({ offset: 7, at: 0, type: "order", data: toJson({ id: 1 }) }); // '{"offset":7,"at":0,"type":"order"}\n{"id":1}\n'
 */
export function writeStored({ offset, at, type, retry, data }: StoredEvent): string {
	return `${JSON.stringify({ offset, at, type, retry })}\n${data}\n`;
}

/** Reads the events that {@link writeStored} wrote. */
export function readStored(text: string): StoredEvent[] {
	const lines = text.split("\n");
	const events: StoredEvent[] = [];
	for (let line = 0; line + 1 < lines.length; line += 2) {
		const head = JSON.parse(lines[line] ?? "") as Omit<StoredEvent, "data">;
		events.push({ ...head, data: lines[line + 1] as Json });
	}
	return events;
}
