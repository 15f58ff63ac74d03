import type { Offset } from "../wire/offset.ts";

/** A batch of events, encoded once and shared by all subscribers with the same events and dialect. */
export interface Chunk {
	/** The offset of the last of them. */
	last: Offset;
	/** The number of events. */
	events: number;
	/** What the events add to a client's backlog. */
	bytes: number;
	/** The encoded events, for a response that this object holds. */
	text: Uint8Array;
	/** The events message, for a session. */
	message: Uint8Array;
}
