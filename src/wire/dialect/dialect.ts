import type { ControlEvents, ControlType } from "../control.ts";
import type { StoredEvent } from "../event.ts";

/**
 * How events are encoded for one kind of client. A dialect is a pure value, chosen when a stream opens. No delivery
 * guarantee depends on it.
 *
 * `cursor` is the client's cursor after it has read the text.
 */
export interface Dialect {
	/** An event of a channel. */
	event(event: StoredEvent, channel: string, cursor: string): string;
	/**
	 * A control event. It carries the cursor, because some clients reset theirs on an event without an `id`. Empty if
	 * clients are not told of it.
	 *
	 * @param retry the client's reconnection time, in milliseconds; default: unchanged.
	 */
	control<Type extends ControlType>(type: Type, data: ControlEvents[Type], cursor: string, retry?: number): string;
	/** A heartbeat. A cursor moves the client past events that were filtered out. */
	heartbeat(cursor?: string): string;
	/** The final event of a stream. Empty if the stream ends without one. */
	closing(closing: ControlEvents["closing"], cursor: string): string;
}
