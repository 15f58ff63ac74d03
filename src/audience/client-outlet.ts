import type { Problem } from "../errors.ts";
import { closeCodeOf, closeCodeOfError } from "../wire/close-codes.ts";
import { ALIVE_HEARTBEATS, PING_HEARTBEATS } from "../wire/connection.ts";
import { errorMessage, message as MESSAGES, PONG } from "../wire/dialect/message.ts";
import type { ChannelMessage, Opening } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import type { DisconnectReason, Start, Subscription } from "../wire/subscription.ts";
import { attach, attachmentOf, persistedOf } from "./attachment.ts";
import type { Chunk } from "./chunk.ts";
import { ControlText } from "./control-text.ts";
import type { Outlet, OutletState } from "./outlet.ts";

/** The tag of clients' WebSockets. */
export const CLIENT = "client";

/** What survives hibernation besides the subscriber. */
export interface ClientDetails {
	opening: Opening;
	/** The expiry that the client was last warned of, in Unix milliseconds. */
	warnedOf?: number;
	/** Whether the client's cursor may be behind events that were withheld. */
	hasWithheld?: boolean;
	/** Whether the client has sent a ping that the runtime did not answer by itself. */
	pings?: boolean;
	/** The last sign of life, and how long it lasts; absent if there was none. */
	sign?: { at: number; heartbeats: number };
}

interface ClientOutletOptions {
	channel: string;
	socket: WebSocket;
	details: ClientDetails;
	/** When the runtime last answered a ping by itself, in Unix milliseconds. */
	answeredAt(): number | undefined;
}

/** A WebSocket client, whose hibernatable WebSocket ends in this object. */
export class ClientOutlet implements Outlet {
	readonly isMetered = true;
	readonly isResponse = false;
	readonly streams = 1;
	readonly mustDrain = false;
	readonly #socket: WebSocket;
	readonly #text: ControlText;
	readonly #answeredAt: () => number | undefined;
	#details: ClientDetails;
	#isOpen = true;
	#endsWith: DisconnectReason = "client_left";
	/** When something was last written; unknown after hibernation. */
	#writtenAt: number | undefined;
	#hasWithheld: boolean;
	#burst = { at: 0, characters: 0 };

	constructor({ channel, socket, details, answeredAt }: ClientOutletOptions) {
		this.#socket = socket;
		this.#text = new ControlText(channel, MESSAGES);
		this.#answeredAt = answeredAt;
		this.#details = details;
		this.#hasWithheld = details.hasWithheld ?? false;
	}

	get isOpen(): boolean {
		return this.#isOpen;
	}

	/** How the WebSocket was opened. */
	get opening(): Opening {
		return this.#details.opening;
	}

	/**
	 * The runtime does not report a WebSocket's unsent bytes. What was written since the runtime had its last turn counts
	 * as unsent, so that a long replay is not written at once.
	 */
	get unsentBytes(): number {
		return this.#burst.at === Date.now() ? this.#burst.characters : 0;
	}

	open(start: Start, subscription: Subscription, now: number): void {
		for (const text of this.#text.opening(start, subscription)) this.#write(text, now);
	}

	/** Sends `connected` after a renewal. */
	renewed(subscription: Subscription, position: Offset, now: number): void {
		this.#write(this.#text.connected(subscription, true, position), now);
		this.#hasWithheld = false;
	}

	deliver(chunk: Chunk | undefined, position: Offset, now: number): void {
		this.#hasWithheld = chunk?.last !== position;
		if (this.#hasWithheld && !this.#details.hasWithheld) this.#keep({ hasWithheld: true });
		if (!chunk) return;
		const at = Date.now();
		if (this.#burst.at !== at) this.#burst = { at, characters: 0 };
		this.#burst.characters += chunk.characters;
		for (const text of chunk.texts) this.#write(text, now);
	}

	tell(message: ChannelMessage, position: Offset, now: number): void {
		if (message.type === "alive") this.#keep({ sign: { at: now, heartbeats: ALIVE_HEARTBEATS } });
		if (message.type === "closing") this.#endsWith = message.reason;
		if (message.type === "expiring") {
			// After hibernation, the subscriber does not know that it was warned.
			if (message.expiresAt === this.#details.warnedOf) return;
			this.#keep({ warnedOf: message.expiresAt });
		}
		const text = this.#text.of(message, position, this.#hasWithheld);
		if (text === undefined) return;
		this.#write(text, now);
		this.#hasWithheld = false;
		if (message.type === "heartbeat" && this.#details.hasWithheld) this.#keep({ hasWithheld: false });
	}

	/** Answers a ping that the runtime did not answer. */
	pong(now: number): void {
		this.#keep({ pings: true });
		this.heard(now);
		if (this.#isOpen) this.#socket.send(PONG);
	}

	/** Any message of a client that pings is a sign of life. */
	heard(now: number): void {
		const pings = this.#details.pings === true || this.#answeredAt() !== undefined;
		if (pings) this.#keep({ sign: { at: now, heartbeats: PING_HEARTBEATS } });
	}

	close(): void {
		this.#close(closeCodeOf(this.#endsWith), this.#endsWith);
	}

	/** Tells the client of an error, and closes. */
	fail({ code, detail, status }: Problem): void {
		if (!this.#isOpen) return;
		this.#socket.send(errorMessage(code, detail));
		this.#close(closeCodeOfError(status), code);
	}

	/**
	 * Closes after the client has closed: the runtime does not by itself.
	 *
	 * @param code the client's close code, which is sent back.
	 */
	left(code: number): void {
		if (!this.#isOpen) return;
		this.#isOpen = false;
		// Those in between are the protocol's own, and some of them must not be sent (RFC 6455, section 7.4.1).
		this.#socket.close(code >= 3000 ? code : 1000);
	}

	drop(): void {
		this.close();
	}

	persist(state: OutletState): void {
		// A closed stream must not come back when the object wakes.
		if (this.#isOpen) attach(this.#socket, { tag: CLIENT, subscriber: persistedOf(state), details: this.#details });
	}

	/** After hibernation, a heartbeat is due: nobody knows when the last one was. */
	heartbeatDue(silenceMilliseconds: number): number {
		return this.#writtenAt === undefined ? 0 : this.#writtenAt + silenceMilliseconds;
	}

	lostAt(heartbeatMilliseconds: number): number {
		const { sign } = this.#details;
		const answeredAt = this.#answeredAt();
		if (answeredAt !== undefined && answeredAt >= (sign?.at ?? 0)) {
			return answeredAt + PING_HEARTBEATS * heartbeatMilliseconds;
		}
		return sign ? sign.at + sign.heartbeats * heartbeatMilliseconds : Number.POSITIVE_INFINITY;
	}

	#write(text: string, now: number): void {
		this.#writtenAt = now;
		if (this.#isOpen) this.#socket.send(text);
	}

	#close(code: number, reason: string): void {
		if (!this.#isOpen) return;
		this.#isOpen = false;
		attach(this.#socket, {});
		this.#socket.close(code, reason);
	}

	/** Changes the details, also in the attachment if the subscriber is there already. */
	#keep(change: Partial<ClientDetails>): void {
		this.#details = { ...this.#details, ...change };
		if (!this.#isOpen) return;
		const { subscriber } = attachmentOf(this.#socket);
		if (subscriber) attach(this.#socket, { tag: CLIENT, subscriber, details: this.#details });
	}
}
