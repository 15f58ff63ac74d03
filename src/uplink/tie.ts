import { type ChannelMessage, joinedStart, joinRequest, type SessionMessage } from "../wire/link.ts";
import type { Start, Subscription } from "../wire/subscription.ts";

/** Sends a request to a channel's object. */
export type CallChannel = (channel: string, request: Request) => Promise<Response>;

/** What comes over a WebSocket to a channel. */
interface TieHandlers {
	events(message: ArrayBuffer): void;
	told(message: ChannelMessage): void;
	/** The channel's object has gone. */
	lost(): void;
}

/** Joins a channel; answers with the response where the channel refuses. */
export async function join(call: CallChannel, channel: string, subscription: Subscription): Promise<Tie | Response> {
	const response = await call(channel, joinRequest(subscription));
	const { webSocket } = response;
	return webSocket ? new Tie(webSocket, joinedStart(response), subscription.endsAt) : response;
}

/** One WebSocket to a channel's object, for as long as both live. */
export class Tie {
	/** Where it starts in the channel. */
	readonly start: Start;
	/** When the stream ends, as far as the channel knows, in Unix milliseconds. */
	readonly endsAt: number;
	readonly #socket: WebSocket;
	#isAccepted = false;
	#isOpen = true;

	constructor(socket: WebSocket, start: Start, endsAt: number) {
		this.#socket = socket;
		this.start = start;
		this.endsAt = endsAt;
	}

	/** Takes what the channel sends from now on. What it has sent already was kept. */
	listen({ events, told, lost }: TieHandlers): void {
		const socket = this.#socket;
		socket.binaryType = "arraybuffer";
		socket.addEventListener("message", ({ data }) => {
			if (typeof data === "string") told(JSON.parse(data) as ChannelMessage);
			else events(data as ArrayBuffer);
		});
		for (const type of ["close", "error"] as const) {
			socket.addEventListener(type, () => {
				if (!this.#isOpen) return;
				this.#isOpen = false;
				lost();
			});
		}
		this.#accept();
	}

	/** Tells the channel something; nothing, once it has gone. */
	send(message: SessionMessage): void {
		if (this.#isOpen) this.#socket.send(JSON.stringify(message));
	}

	close(): void {
		this.#accept();
		if (this.#isOpen) this.#socket.close(1000);
		this.#isOpen = false;
	}

	/** It has to be done before anything else, and once. */
	#accept(): void {
		if (!this.#isAccepted) this.#socket.accept();
		this.#isAccepted = true;
	}
}
