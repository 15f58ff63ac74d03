import type { ChannelMessage } from "../wire/link.ts";
import { attach, persistedOf } from "./attachment.ts";
import { LinkOutlet } from "./link-outlet.ts";
import type { OutletState } from "./outlet.ts";

/** The tag of sessions' WebSockets. */
export const SESSION = "session";

/** A session in the Worker, over a hibernatable WebSocket. The session outlives the object, which can hibernate. */
export class SessionOutlet extends LinkOutlet {
	override readonly streams = 1;
	readonly #socket: WebSocket;

	constructor(socket: WebSocket) {
		super(socket);
		this.#socket = socket;
	}

	/** Nothing to send: the response to the join carries the start. */
	override open(): void {}

	override tell(message: ChannelMessage): void {
		this.send(message);
	}

	override close(): void {
		if (!this.isClosed) attach(this.#socket, {});
		super.close();
	}

	override persist(state: OutletState): void {
		// A closed stream must not come back when the object wakes, though its session may still send something.
		if (!this.isClosed) attach(this.#socket, { tag: SESSION, subscriber: persistedOf(state) });
	}
}
