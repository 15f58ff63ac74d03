import type { PipedType } from "./piped-body.ts";

/** Options of a publish from a stream. */
export interface PipeOptions {
	/** Whether the channel ends with the stream. Default: no. */
	end?: boolean;
	/**
	 * How many seconds after a break the channel ends by itself, as `abandoned`, unless the publisher comes back: 1 to 3,600.
	 * Default: it does not.
	 */
	lease?: number;
	/**
	 * For how many milliseconds the service waits for more events before it stores and shows what has come: 0 to 1,000.
	 * Default: 0, not at all.
	 */
	linger?: number;
	/**
	 * Publishing the same events again with the same key stores those that are missing, within 5 minutes of the last one. 1
	 * to 128 visible ASCII characters. Default: none.
	 */
	idempotencyKey?: string;
	/** What bytes are. Default: `text/event-stream`. Events are sent as `application/x-ndjson`. */
	contentType?: PipedType;
	/** Aborts the publish. What was stored stays stored, and the channel does not end. */
	signal?: AbortSignal;
}
