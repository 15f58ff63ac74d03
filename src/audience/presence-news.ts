import type { ChannelMessage } from "../wire/link.ts";
import type { Roster } from "./roster.ts";
import type { Subscriber } from "./subscriber.ts";
import type { PresenceChange } from "./told-presence.ts";

export interface PresenceNewsOptions {
	roster: Roster;
	/** Sends a message to a stream, unless its backlog is full. */
	tell(subscriber: Subscriber, message: ChannelMessage, now: number): void;
	/** Called when something is due without a change. */
	due(): void;
}

/** What the streams that asked for presence are told. */
export interface PresenceNews {
	/** Whether something is to be told although nothing has changed since. */
	readonly isDue: boolean;
	/** Tells a new subscriber, which is in the roster already. */
	greet(subscriber: Subscriber, now: number): void;
	/**
	 * Tells of changes.
	 *
	 * @returns the number of streams that were written to.
	 */
	tell(changes: readonly PresenceChange[]): Promise<number>;
	/** Who is online has changed elsewhere: it is told in the next round. */
	changed(): void;
	/** A stream has joined again after the object died: what was told may have changed meanwhile. */
	rejoined(): void;
}
