/** The data of each type of event. The default: any type, and data to be looked at before it is used. */
export type EventTypes = Record<string, unknown>;

/** An event as a client receives it. `type` tells what `data` is. */
export type ReceivedEvent<Events> = {
	[Type in keyof Events & string]: {
		channel: string;
		/** The event's id in its channel, as its publisher was told. */
		id: string;
		type: Type;
		/** When it was published, in unix milliseconds. */
		at: number;
		data: Events[Type];
	};
}[keyof Events & string];

/** Events of a channel that cannot be had any more. Read afresh what they would have told. */
export interface Gap {
	channel: string;
	/** The last event that was had; as the client's cursor says, where that is no cursor of the stream. */
	after: string;
	/** The oldest event that can still be had; `null`: none. */
	oldest: string | null;
	reason: "trimmed" | "foreign_cursor";
}

/** Somebody who came to a channel, or has left it. */
export interface Presence {
	channel: string;
	user: string;
	state: "online" | "offline";
}

/** What the service says of an open stream. */
export interface Connected {
	/** The id of the stream. */
	connection: string;
	user: string;
	channels: string[];
	/** Whether everything since the client's cursor could be had. */
	resumed: boolean;
	/** When the stream's credentials end, in unix seconds. */
	expires: number;
}

/** The last that the service says on a stream that it ends. */
export interface Closing {
	reason: "token_expired" | "revoked" | "slow_consumer" | "shutdown";
	reconnect: boolean;
}

/**
 * How a connection stands. It is `connecting`, `open`, or `waiting` to connect again, and in the end `closed`: without an
 * `error` by `close()`, with one because the service wants it no more.
 */
export type ConnectionState =
	| { name: "connecting" }
	| { name: "open"; connected: Connected }
	| { name: "waiting"; milliseconds: number; error: unknown }
	| { name: "closed"; error?: unknown };

/** What a subscriber of a connection is told. */
export interface Handlers<Events> {
	onEvent?(event: ReceivedEvent<Events>): void;
	/** Events were missed, and cannot be had any more. */
	onGap?(gap: Gap): void;
	onPresence?(presence: Presence): void;
	onState?(state: ConnectionState): void;
}

/** Where a cursor is kept: `localStorage`, `sessionStorage`, or anything like them. */
export interface CursorStorage {
	getItem(key: string): string | null;
	setItem(key: string, value: string): void;
}
