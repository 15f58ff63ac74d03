import type { ControlEvents, ControlType } from "../control.ts";
import type { StoredEvent } from "../event.ts";

/**
 * How one kind of client is told things. A dialect is a pure value, chosen when a stream is opened. No guarantee depends
 * on it.
 *
 * A cursor is the client's cursor once it has read the text.
 */
export interface Dialect {
	/** An event of a channel. */
	event(event: StoredEvent, channel: string, cursor: string): string;
	/**
	 * A control event. It carries the cursor, because some clients forget theirs at an event without one.
	 *
	 * @param retry the client's reconnection time, in milliseconds; default: unchanged.
	 */
	control<Type extends ControlType>(type: Type, data: ControlEvents[Type], cursor: string, retry?: number): string;
	/** A heartbeat. With a cursor, it moves the client past events that were withheld from it. */
	beat(cursor?: string): string;
	/** The last that a client is told. */
	end(closing: ControlEvents["closing"], cursor: string): string;
}
