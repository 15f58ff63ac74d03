import { Connection } from "./connection.ts";
import { type ConnectOptions, DEFAULT_SILENCE_SECONDS } from "./options.ts";
import type { EventTypes } from "./types.ts";

export type { Connected, Ended, EndReason, Gap, Presence, PresenceCount } from "../wire/control.ts";
export type { Connection } from "./connection.ts";
export type { ConnectOptions, Credential } from "./options.ts";
export { TidingsError } from "./tidings-error.ts";
export type { ConnectionState, CursorStorage, EventTypes, Handlers, ReceivedEvent } from "./types.ts";

/**
 * Connects to a tidings service and stays connected until `close()`, until its channels have ended, or until the
 * service refuses for good. After a break
 * it reconnects with fresh credentials and resumes after the last event that it delivered.
 *
 * @throws TypeError when an option is missing or invalid: see `docs/client.md`.
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
	const { channels, inbox, getTicket, getToken, anonymous, alive, silenceSeconds = DEFAULT_SILENCE_SECONDS } = options;
	if (channels.length === 0 && !inbox)
		throw new TypeError("Name at least one channel to connect to, or ask for the inbox.");
	if ([getTicket, getToken, anonymous].filter(Boolean).length !== 1)
		throw new TypeError("Give either getTicket or getToken; or anonymous, to read without credentials.");
	if (alive && !getToken) throw new TypeError("Signs of life need a token: give getToken.");
	if (!Number.isFinite(silenceSeconds) || silenceSeconds <= 0)
		throw new TypeError("silenceSeconds must be a number above 0.");
	return new Connection(options);
}
