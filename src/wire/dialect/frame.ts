import type { ControlEvents, ControlType } from "../control.ts";
import type { StoredEvent } from "../event.ts";
import { MAX_RETRY_MILLISECONDS } from "../retry.ts";

/**
 * The frames of an event stream (WHATWG HTML, "Server-sent events", section "Parsing an event stream"). Data cannot
 * inject fields or frames: it is split at every line break, and types have no control characters.
 */

const LINE_END = /\r\n|\r|\n/;

interface Fields {
	retry?: number | undefined;
	event?: string | undefined;
	id: string;
	data: string;
}

/** Writes one frame. */
export function frame({ retry, event, id, data }: Fields): string {
	let text = "";
	if (retry !== undefined) text += `retry: ${retry}\n`;
	if (event !== undefined) text += `event: ${event}\n`;
	text += `id: ${id}\n`;
	for (const line of data.split(LINE_END)) text += `data: ${line}\n`;
	return `${text}\n`;
}

/** The frame of an event. The type `message` is left out: it is a client's default. */
export function eventFrame({ type, retry }: StoredEvent, id: string, data: string): string {
	return frame({ retry, event: type === "message" ? undefined : type, id, data });
}

/** The frames that all dialects of an event stream share. */
export const frames = {
	control<Type extends ControlType>(type: Type, data: ControlEvents[Type], id: string, retry?: number): string {
		return frame({ retry, event: type, id, data: JSON.stringify(data) });
	},

	/**
	 * Without a cursor, a comment. It has no blank line, at which some clients dispatch a message. With a cursor, a
	 * frame with data: most clients ignore the `id` of a frame without data.
	 */
	heartbeat(id?: string): string {
		return id === undefined ? ":\n" : frame({ event: "heartbeat", id, data: "{}" });
	},

	/** `EventSource` always reconnects. A client that must not is given the longest reconnection time. */
	closing(closing: ControlEvents["closing"], id: string): string {
		return frames.control("closing", closing, id, closing.reconnect ? undefined : MAX_RETRY_MILLISECONDS);
	},
};
