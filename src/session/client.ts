import type { DisconnectReason } from "../wire/subscription.ts";

/** The client at the end of a session: a response's stream, or a WebSocket. It is written to in its dialect. */
export interface Client {
	/** What was handed over and has not left yet. */
	readonly unsentBytes: number;
	/** Hands over texts, each of which is whole. */
	write(texts: readonly string[]): void;
	/** Hands over what a Channel has written in the client's dialect; absent where texts must come one by one. */
	pass?(bytes: Uint8Array): void;
	/** Ends the connection, after a last text. */
	close(reason: DisconnectReason, text?: string): void;
}
