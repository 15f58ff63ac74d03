/** What a hibernatable WebSocket of this object is for. It is the WebSocket's tag, so that it survives hibernation. */
export type SocketKind = "session" | "client" | "publisher";

/** Handles the WebSockets of one kind. */
export interface SocketHandler {
	message(socket: WebSocket, message: string | ArrayBuffer): void | Promise<void>;
	/** A WebSocket was closed, or its other end died. Ignores those of other kinds. */
	closed(socket: WebSocket, code: number): void;
}

/** Passes what happens to the object's WebSockets on to the handler of their kind. */
export class Sockets {
	readonly #ctx: DurableObjectState;
	readonly #handlers: Partial<Record<SocketKind, SocketHandler>>;

	constructor(ctx: DurableObjectState, handlers: Partial<Record<SocketKind, SocketHandler>>) {
		this.#ctx = ctx;
		this.#handlers = handlers;
	}

	async message(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
		const [kind] = this.#ctx.getTags(socket) as SocketKind[];
		if (kind === undefined) throw new Error("A WebSocket was accepted without its kind.");
		await this.#handlers[kind]?.message(socket, message);
	}

	/** A closed WebSocket has no tags any more, so every handler is told. */
	closed(socket: WebSocket, code: number): void {
		for (const handler of Object.values(this.#handlers)) handler.closed(socket, code);
	}
}
