import {
	type ChannelMessage,
	decodeEvents,
	type EventsMessage,
	joinedStart,
	joinRequest,
	type RelayMessage,
} from "../wire/link.ts";
import type { Start, Subscription } from "../wire/subscription.ts";

/** Sends a request to a channel's object. */
export type CallChannel = (channel: string, request: Request) => Promise<Response>;

/** What a relay wants to know of its channels. */
export interface UplinkHandlers {
	events(uplink: Uplink, message: EventsMessage): void;
	told(uplink: Uplink, message: ChannelMessage): void;
	/** The channel's object has gone. */
	lost(uplink: Uplink): void;
}

/** Of its backlog, what a client takes before the channel is told: rarely, since it wakes the channel. */
const TOLD_SHARE = 1 / 16;

/** A relay's WebSocket to one channel. */
export class Uplink {
	readonly channel: string;
	/** Where it starts in the channel. */
	readonly start: Start;
	/** When it ends, as it was joined. */
	readonly endsAt: number;
	readonly #socket: WebSocket;
	readonly #tellBytes: number;
	#takenBytes = 0;
	#isAccepted = false;
	#isOpen = true;

	private constructor(
		channel: string,
		start: Start,
		socket: WebSocket,
		{ endsAt, maxBacklogBytes }: Pick<Subscription, "endsAt" | "maxBacklogBytes">,
	) {
		this.channel = channel;
		this.start = start;
		this.endsAt = endsAt;
		this.#socket = socket;
		this.#tellBytes = maxBacklogBytes * TOLD_SHARE;
	}

	/** Joins a channel; answers with the response instead where the channel refuses. */
	static async open(call: CallChannel, channel: string, subscription: Subscription): Promise<Uplink | Response> {
		const response = await call(channel, joinRequest(subscription));
		const { webSocket } = response;
		if (!webSocket) return response;
		return new Uplink(channel, joinedStart(response), webSocket, subscription);
	}

	/** Takes what the channel sends from now on. What it has sent already was kept. */
	listen({ events, told, lost }: UplinkHandlers): void {
		const socket = this.#socket;
		socket.binaryType = "arraybuffer";
		socket.addEventListener("message", ({ data }) => {
			if (typeof data === "string") told(this, JSON.parse(data) as ChannelMessage);
			else events(this, decodeEvents(data as ArrayBuffer));
		});
		for (const type of ["close", "error"] as const) {
			socket.addEventListener(type, () => {
				this.#isOpen = false;
				lost(this);
			});
		}
		this.#accept();
	}

	/** The client has taken so much of this channel's events. */
	taken(bytes: number): void {
		this.#takenBytes += bytes;
		if (this.#takenBytes < this.#tellBytes) return;
		this.send({ type: "taken", bytes: this.#takenBytes });
		this.#takenBytes = 0;
	}

	/** Tells the channel something; nothing, once the channel has gone. */
	send(message: RelayMessage): void {
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
