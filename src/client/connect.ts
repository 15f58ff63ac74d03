import { Connection } from "./connection.ts";
import type { CursorStorage, EventTypes, Handlers } from "./types.ts";

export type { Connection } from "./connection.ts";
export { TidingsError } from "./tidings-error.ts";
export type {
	Connected,
	ConnectionState,
	CursorStorage,
	EventTypes,
	Gap,
	Handlers,
	Presence,
	ReceivedEvent,
} from "./types.ts";

/** A ticket or a token, or none, because the user has logged out. */
export type Credential = string | null | undefined;

/** How to connect. */
export interface ConnectOptions<Events = EventTypes> extends Handlers<Events> {
	/** Where the service is, such as `https://events.example.com`. In a page it may be relative, such as `/sse`. */
	url: string | URL;
	/** The channels of the stream: up to 32. With `inbox`, there may be none. */
	channels: readonly string[];
	/**
	 * Fetches a ticket from your backend. Asked for each connection, because a ticket lives for minutes only. `null`:
	 * nobody is logged in any more, which ends the connection.
	 */
	getTicket?(): Credential | Promise<Credential>;
	/**
	 * Gives the user's access token: a fresh one where the last ends within two minutes. `null`: as with `getTicket`.
	 * Either this or `getTicket`.
	 */
	getToken?(): Credential | Promise<Credential>;
	/** Only events of these types. Default: all. */
	types?: readonly (keyof Events & string)[];
	/** Whether the user's own channel is part of the stream too. Default: no. */
	inbox?: boolean;
	/** Whether `onPresence` is told who comes to the channels and who leaves. Default: no. */
	presence?: boolean;
	/** Where to start when there is no cursor: so many of the events that are remembered, or all. Default: none, live. */
	rewind?: number | "all";
	/** Where the cursor is kept, so that a page that is loaded again goes on where it was. Default: nowhere. */
	storage?: CursorStorage;
	/**
	 * After how many seconds in which nothing came the connection counts as dead. More than two of the service's
	 * `HEARTBEAT_SECONDS`. Default: 60.
	 */
	silenceSeconds?: number;
	/**
	 * Whether the service is given signs of life, so that it finds out within four heartbeats when this client's network
	 * has fallen silent. Each is a request, about every two heartbeats. It takes `getToken`. Default: no.
	 */
	alive?: boolean;
}

/**
 * Connects to a tidings service, and stays connected until `close()`, or until the service refuses for good. It comes back
 * by itself, with credentials that it has fetched afresh, and goes on after the last event that it has handed over.
 *
 * @throws TypeError when an option is missing, or can be none: see `docs/client.md`.
 *
 * @example
 * const connection = connect<{ order: { id: number } }>({
 *   url: "https://events.example.com",
 *   channels: ["orders"],
 *   getTicket: async () => (await (await fetch("/ticket", { method: "POST" })).json()).ticket,
 *   onEvent: ({ data }) => console.log(data.id),
 * });
 * connection.close();
 */
export function connect<Events = EventTypes>(options: ConnectOptions<Events>): Connection<Events> {
	const { channels, inbox, getTicket, getToken, alive, silenceSeconds = 60 } = options;
	if (channels.length === 0 && !inbox)
		throw new TypeError("Name at least one channel to connect to, or ask for the inbox.");
	if (!getTicket === !getToken) throw new TypeError("Give either getTicket or getToken.");
	if (alive && !getToken) throw new TypeError("Signs of life take a token: give getToken.");
	if (!Number.isFinite(silenceSeconds) || silenceSeconds <= 0)
		throw new TypeError("Let silenceSeconds be a number above 0.");
	return new Connection(options);
}
