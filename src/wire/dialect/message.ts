import { formatCursor } from "../cursor.ts";
import type { StoredEvent } from "../event.ts";

/** Events as WebSocket clients get them: JSON, a line each while they are on their way. */

const EVENT = /^\{"type":"event","channel":"([^"]+)","id":"(\d+)"/;

/**
 * An event as a WebSocket client reads it, and a line end.
 *
 * @example
 * eventMessage({ offset: 7, at: 0, type: "order", data: '{"id":1}' }, "orders");
 * // '{"type":"event","channel":"orders","id":"7","event":"order","at":0,"data":{"id":1}}\n'
 */
export function eventMessage({ offset, type, at, data }: StoredEvent, channel: string): string {
	const head = JSON.stringify({ type: "event", channel, id: formatCursor(offset), event: type, at });
	// The data is JSON text already: it goes in as it stands.
	return `${head.slice(0, -1)},"data":${data}}\n`;
}

/** The messages in text that {@link eventMessage} wrote, with the ids that a stream of several channels gives them. */
export function* splitMessages(text: string, cursorAt: (offset: number) => string): Generator<string> {
	for (const line of text.split("\n")) {
		if (line === "") continue;
		yield line.replace(EVENT, (_, channel: string, offset: string) => {
			return `{"type":"event","channel":"${channel}","id":"${cursorAt(Number(offset))}"`;
		});
	}
}
