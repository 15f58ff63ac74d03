import type { ChannelMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import type { Start, Subscription } from "../wire/subscription.ts";
import type { Chunk } from "./chunk.ts";

/** The subscriber's state that an outlet persists. */
export interface OutletState {
	readonly subscription: Subscription;
	/** The last event that was sent or filtered out. */
	readonly position: Offset;
	/** Whether the subscriber is catching up from the log. */
	readonly isBehind: boolean;
	/** When its stream was opened, in Unix milliseconds. */
	readonly since: number;
}

/** A subscriber's output: a response or a client's WebSocket in this object, or a session in the Worker. */
export interface Outlet {
	/** Whether this object reports deliveries to the service's metrics. A session reports its own. */
	readonly isMetered: boolean;
	/** Whether this object holds the response. */
	readonly isResponse: boolean;
	/** How many streams it leads to. */
	readonly streams: number;
	/** The number of bytes that were written and not yet sent. */
	readonly unsentBytes: number;
	/** Whether so much is unread that the stream has to drain when it ends. */
	readonly mustDrain: boolean;
	/** Sends `connected`, and `gap` if events are missing. */
	open(start: Start, subscription: Subscription, now: number): void;
	/** Sends events up to a position. Without a chunk, all of them were filtered out. */
	deliver(chunk: Chunk | undefined, position: Offset, now: number): void;
	/** Sends a control message. */
	tell(message: ChannelMessage, position: Offset, now: number): void;
	/** Ends the stream. */
	close(): void;
	/** Discards what the client has not read. */
	drop(): void;
	/** Persists what must survive hibernation. */
	persist(state: OutletState): void;
	/** When the next heartbeat is due, in Unix milliseconds, given the longest silence that is allowed. */
	heartbeatDue(silenceMilliseconds: number): number;
	/**
	 * When the client counts as disconnected unless it gives another sign of life, in Unix milliseconds; `Infinity` if it
	 * gives none.
	 */
	lostAt(heartbeatMilliseconds: number): number;
}
