import type { DisconnectReason } from "../wire/subscription.ts";
import type { Client } from "./client.ts";

/** The close codes of the protocol, and the one of RFC 6455's registry for what may be tried again. */
export const CLOSE_CODES = { badRequest: 4400, unauthenticated: 4401, forbidden: 4403, tryAgainLater: 1013 } as const;

const CLOSING_CODES: Record<DisconnectReason, number> = {
	token_expired: CLOSE_CODES.unauthenticated,
	revoked: CLOSE_CODES.forbidden,
	slow_consumer: CLOSE_CODES.tryAgainLater,
	shutdown: CLOSE_CODES.tryAgainLater,
	client_left: CLOSE_CODES.tryAgainLater,
};

/** A client that reads JSON messages from a WebSocket. */
export class SocketClient implements Client {
	/** The runtime does not tell what waits to be sent on a WebSocket. */
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
