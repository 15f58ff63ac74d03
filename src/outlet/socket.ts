import type { ControlEvents } from "../wire/control.ts";
import { splitMessages } from "../wire/dialect/message.ts";
import type { Client } from "./client.ts";

/** The close codes of the protocol, and RFC 6455's registry for what may be tried again. */
export const CLOSE_CODES = { badRequest: 4400, unauthenticated: 4401, forbidden: 4403, tryAgainLater: 1013 } as const;

const CLOSING_CODES: Record<ControlEvents["closing"]["reason"], number> = {
	token_expired: CLOSE_CODES.unauthenticated,
	revoked: CLOSE_CODES.forbidden,
	slow_consumer: CLOSE_CODES.tryAgainLater,
	shutdown: CLOSE_CODES.tryAgainLater,
};

/** A client that reads JSON messages from a WebSocket. */
export class SocketClient implements Client {
	/** The runtime does not tell what waits to be sent on a WebSocket. */
	readonly unsentBytes = 0;
	readonly #socket: WebSocket;

	constructor(socket: WebSocket) {
		this.#socket = socket;
	}

	control<Type extends keyof ControlEvents>(type: Type, data: ControlEvents[Type], id: string): void {
		this.#socket.send(JSON.stringify({ type, id, ...data }));
	}

	events(frames: Uint8Array, cursorAt: (offset: number) => string = String): void {
		for (const message of splitMessages(new TextDecoder().decode(frames), cursorAt)) this.#socket.send(message);
	}

	beat(id: string | undefined): void {
		this.#socket.send(JSON.stringify({ type: "heartbeat", ...(id !== undefined && { id }) }));
	}

	end(): void {
		this.#socket.close(CLOSE_CODES.tryAgainLater, "client_left");
	}

	close(closing: ControlEvents["closing"], cursor: string): void {
		this.control("closing", closing, cursor);
		this.#socket.close(CLOSING_CODES[closing.reason], closing.reason);
	}
}
