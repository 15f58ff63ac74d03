import type { DisconnectReason } from "../wire/subscription.ts";

/** A session's connection to its client: an event stream or a WebSocket. */
export interface Client {
	/** The number of bytes that were written and not yet sent. */
	readonly unsentBytes: number;
	/** Writes complete frames or messages. */
	write(texts: readonly string[]): void;
	/** Passes on bytes that the Channel has encoded; absent for WebSockets, which need a message for each event. */
	pass?(bytes: Uint8Array): void;
	/** Closes the connection, after an optional final text. */
	close(reason: DisconnectReason, text?: string): void;
}
