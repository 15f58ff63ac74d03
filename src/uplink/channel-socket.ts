import { type ChannelMessage, joinedStart, joinHeaders, type LinkHeaders, type SessionMessage } from "../wire/link.ts";
import type { Place } from "../wire/place.ts";
import type { Start, Subscription } from "../wire/subscription.ts";

/**
 * The share of its backlog that a client reads before it is acknowledged. An acknowledgement wakes a hibernating channel, so
 * it is sent rarely.
 */
const ACK_SHARE = 1 / 16;

/** Sends a request with these headers to an object that holds streams of a channel. */
export type CallPlace = (place: Place, headers: LinkHeaders) => Promise<Response>;

/** Callbacks for what comes from a channel. */
interface ChannelSocketHandlers {
	events(message: ArrayBuffer): void;
	told(message: ChannelMessage): void;
	/** The WebSocket closed: the channel's object has died. */
	lost(): void;
}

/** Joins a channel. Returns the response if the channel refuses. */
export async function join(
	call: CallPlace,
	place: Place,
	subscription: Subscription,
): Promise<ChannelSocket | Response> {
	const response = await call(place, joinHeaders(subscription));
	const { webSocket } = response;
	return webSocket ? new ChannelSocket(webSocket, joinedStart(response), subscription) : response;
}

/** One WebSocket to a channel's object. It does not reconnect; `Uplink` does. */
export class ChannelSocket {
	/** The position at which the stream starts. */
	readonly start: Start;
	/** When the stream ends, as far as the channel knows, in Unix milliseconds. */
	readonly endsAt: number;
	readonly #socket: WebSocket;
	readonly #ackBytes: number;
	#unackedBytes = 0;
	#isAccepted = false;
	#isOpen = true;
	#lost: () => void = () => undefined;

	constructor(socket: WebSocket, start: Start, { endsAt, maxBacklogBytes }: Subscription) {
		this.#socket = socket;
		this.start = start;
		this.endsAt = endsAt;
		this.#ackBytes = maxBacklogBytes * ACK_SHARE;
	}

	/** Starts receiving. Earlier messages are buffered until then. */
	listen({ events, told, lost }: ChannelSocketHandlers): void {
		const socket = this.#socket;
		socket.binaryType = "arraybuffer";
		socket.addEventListener("message", ({ data }) => {
			if (typeof data === "string") told(JSON.parse(data) as ChannelMessage);
			else events(data as ArrayBuffer);
		});
		this.#lost = lost;
		for (const type of ["close", "error"] as const) socket.addEventListener(type, () => this.#end());
		this.#accept();
	}

	/** Gives the WebSocket up, because its other end has lost it. */
	giveUp(): void {
		if (this.#isOpen) this.#socket.close(1000);
		this.#end();
	}

	/** Acknowledges bytes that came over this WebSocket and that the client has read. */
	acknowledge(bytes: number): void {
		this.#unackedBytes += bytes;
		if (this.#unackedBytes < this.#ackBytes) return;
		this.send({ type: "ack", bytes: this.#unackedBytes });
		this.#unackedBytes = 0;
	}

	/** Sends a message; does nothing once the WebSocket is closed. */
	send(message: SessionMessage): void {
		if (this.#isOpen) this.#socket.send(JSON.stringify(message));
	}

	close(): void {
		this.#accept();
		if (this.#isOpen) this.#socket.close(1000);
		this.#isOpen = false;
	}

	#end(): void {
		if (!this.#isOpen) return;
		this.#isOpen = false;
		this.#lost();
	}

	/** A WebSocket must be accepted exactly once, before any other use. */
	#accept(): void {
		if (!this.#isAccepted) this.#socket.accept();
		this.#isAccepted = true;
	}
}
