import type { DisconnectReason } from "../wire/subscription.ts";
import type { Client } from "./client-connection.ts";

/** The protocol's close codes, and 1013 (Try Again Later) of the registry of RFC 6455. */
export const CLOSE_CODES = { badRequest: 4400, unauthenticated: 4401, forbidden: 4403, tryAgainLater: 1013 } as const;

const CLOSING_CODES: Record<DisconnectReason, number> = {
	token_expired: CLOSE_CODES.unauthenticated,
	revoked: CLOSE_CODES.forbidden,
	slow_consumer: CLOSE_CODES.tryAgainLater,
	shutdown: CLOSE_CODES.tryAgainLater,
	client_left: CLOSE_CODES.tryAgainLater,
};

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
		this.#socket.close(CLOSING_CODES[reason], reason);
	}
}
