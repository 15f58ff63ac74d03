import { closeCodeOf } from "../wire/close-codes.ts";
import type { DisconnectReason } from "../wire/subscription.ts";
import type { Client } from "./client-connection.ts";

/** A client that reads JSON messages from a WebSocket. */
export class ClientSocket implements Client {
	/** The runtime does not report a WebSocket's unsent bytes, so slow consumers are not detected here. */
	readonly unsentBytes = 0;
	readonly #socket: WebSocket;

	constructor(socket: WebSocket) {
		this.#socket = socket;
	}

	write(texts: readonly string[]): void {
		for (const text of texts) this.#socket.send(text);
	}

	close(reason: DisconnectReason, text?: string): void {
		if (text !== undefined) this.#socket.send(text);
		this.#socket.close(closeCodeOf(reason), reason);
	}
}
