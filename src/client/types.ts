import type { Connected, Ended, EndReason, Gap, Presence, PresenceCount } from "../wire/control.ts";
import type { Envelope } from "../wire/envelope.ts";

/** The types of events, and the data of each. By default, any type, with data to be checked before use. */
export type EventTypes = Record<string, unknown>;

/** An event as a client receives it. `type` tells what `data` is. */
export type ReceivedEvent<Events> = {
	[Type in keyof Events & string]: Envelope<Type, Events[Type]>;
}[keyof Events & string];

/**
 * The state of a connection. It is `connecting`, `open`, or `waiting` to connect again, and at the end `closed`: without
 * an `error` after `close()`, with one after the service refused for good. When its channels have ended, `ended` says how,
 * and for `abandoned` there is an error too.
 */
export type ConnectionState =
	| { name: "connecting" }
	| { name: "open"; connected: Connected }
	| { name: "waiting"; milliseconds: number; error: unknown }
	| { name: "closed"; ended?: EndReason; error?: unknown };

/** What a subscriber of a connection is told. */
export interface Handlers<Events> {
	onEvent?(event: ReceivedEvent<Events>): void;
	/** Events were missed and can no longer be replayed. */
	onGap?(gap: Gap): void;
	onPresence?(presence: Presence): void;
	/** How many users are on a channel that tells nobody's name. */
	onPresenceCount?(presence: PresenceCount): void;
	onState?(state: ConnectionState): void;
	/** One of several channels has ended. */
	onChannelEnd?(ended: Ended): void;
	/**
	 * Every channel has ended, and the connection is closed. `ended`: the events are complete. `abandoned`: the publisher was
	 * gone for longer than its lease, so they are not.
	 */
	onEnd?(reason: EndReason): void;
}

/** Where a cursor is kept: `localStorage`, `sessionStorage`, or anything like them. */
export interface CursorStorage {
	getItem(key: string): string | null;
	setItem(key: string, value: string): void;
}
