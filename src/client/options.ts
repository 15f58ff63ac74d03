import type { CursorStorage, EventTypes, Handlers } from "./types.ts";

/** How long a connection may be silent where its options do not say. */
export const DEFAULT_SILENCE_SECONDS = 60;

/** A ticket or a token. `null` and `undefined` say that the user has logged out. */
export type Credential = string | null | undefined;

/** How to connect. */
export interface ConnectOptions<Events = EventTypes> extends Handlers<Events> {
	/** The URL of the service, such as `https://events.example.com`. In a page it may be relative, such as `/sse`. */
	url: string | URL;
	/** The channels to subscribe to: up to 32. The list may be empty with `inbox`. */
	channels: readonly string[];
	/**
	 * Fetches a ticket from your backend. It is called for every connection, because a ticket is valid for minutes only.
	 * `null` says that nobody is logged in any more, and ends the connection.
	 */
	getTicket?(): Credential | Promise<Credential>;
	/**
	 * Returns the user's access token, valid for at least two more minutes. `null` means the same as for `getTicket`. Give
	 * either this or `getTicket`.
	 */
	getToken?(): Credential | Promise<Credential>;
	/** Whether to connect without credentials, to channels whose rule allows it, in place of the two. Default: no. */
	anonymous?: boolean;
	/** Receive only events of these types. Default: all. */
	types?: readonly (keyof Events & string)[];
	/** Whether to subscribe to the user's own channel as well. Default: no. */
	inbox?: boolean;
	/** Whether `onPresence` is told who comes to the channels and who leaves, or `onPresenceCount` how many. Default: no. */
	presence?: boolean;
	/** How many past events to start with when there is no cursor, or `all`. Default: none. */
	rewind?: number | "all";
	/** Where to keep the cursor, so that a reloaded page resumes where it was. Default: nowhere. */
	storage?: CursorStorage;
	/**
	 * After how many seconds without a byte the connection is given up and opened again. Make it more than twice the
	 * service's `HEARTBEAT_SECONDS`. Default: 60.
	 */
	silenceSeconds?: number;
	/**
	 * Whether to send signs of life, by which the service notices within four heartbeats that this client's network has
	 * failed. Each is a request, sent about every two heartbeats. It needs `getToken`. Default: no.
	 */
	alive?: boolean;
}
