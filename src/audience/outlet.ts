import type { ChannelMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import type { Start, Subscription } from "../wire/subscription.ts";
import type { Chunk } from "./chunk.ts";

/** What an outlet has to know of its subscriber. */
export interface OutletState {
	readonly subscription: Subscription;
	/** The last event that was sent to the subscriber or withheld from it. */
	readonly position: Offset;
	/** Whether the subscriber reads from the log. */
	readonly isBehind: boolean;
	/** When its stream was opened, in Unix milliseconds. */
	readonly since: number;
}

/** Where what a subscriber is told goes: a response that this object holds, or a session in the Worker. */
export interface Outlet {
	/** Whether this object reports what goes there. A session reports it by itself. */
	readonly isMetered: boolean;
	/** What was handed over and has not left for the client yet. */
	readonly unsentBytes: number;
	/** Whether the client has left so much of the stream that it has to be given time to read the end. */
	readonly isUnread: boolean;
	/** Says where the stream starts, and what is missing before it. */
	open(start: Start, subscription: Subscription, now: number): void;
	/** Hands over what a channel sends up to a position; without a chunk, all of it was withheld. */
	deliver(chunk: Chunk | undefined, position: Offset, now: number): void;
	/** Tells what is not an event. */
	tell(message: ChannelMessage, position: Offset, now: number): void;
	/** Ends the stream. */
	close(): void;
	/** Drops what the client has not read. */
	drop(): void;
	/** Has what must outlast the object's sleep kept. */
	keep(state: OutletState): void;
	/** When the client has to be written to, in Unix milliseconds, if it may hear nothing for so long. */
	beatDue(silenceMilliseconds: number): number;
	/** Whether the client gives signs of life, and has given none for so long. */
	isLost(milliseconds: number, now: number): boolean;
}
