import type { ControlEvents } from "../../src/wire/control.ts";
import { messageOf } from "./page.ts";
import { makeTicket, Refusal, whyRefused } from "./service.ts";
import type { Session } from "./session.ts";

/** An event as its envelope tells it. */
export interface ReceivedEvent {
	channel: string;
	id: string;
	type: string;
	at: number;
	data: unknown;
}

export type State = "connecting" | "open" | "reconnecting" | "cut" | "ended";

const CONTROL_NAMES = ["connected", "gap", "expiring", "presence", "closing"] as const;

/** A control event, with its data. */
export type ControlEvent = {
	[Name in keyof ControlEvents]: { name: Name; data: ControlEvents[Name] };
}[keyof ControlEvents];

/** What the page does itself, or notices. */
export type Occurrence = "cut" | "resuming" | "dropped" | "refused" | "waiting" | "ended";

/** Who is told what a subscription meets. */
export interface SubscriptionListener {
	changed(state: State): void;
	/** @param isLive whether it was published since the stream was opened: only then its way here tells a delay. */
	received(event: ReceivedEvent, isLive: boolean): void;
	controlled(event: ControlEvent): void;
	occurred(name: Occurrence, text: string): void;
}

const FIRST_WAIT_MILLISECONDS = 1000;
const LONGEST_WAIT_MILLISECONDS = 30_000;

/** One subscription, over as many streams as it takes: each comes back with the cursor that the last one left. */
export class Subscription {
	readonly channels: readonly string[];
	readonly #presence: boolean;
	readonly #session: Session;
	readonly #listener: SubscriptionListener;
	#source: EventSource | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;
	/** Which attempt to connect is going on: what an earlier one brings about is of no interest any more. */
	#attempt = 0;
	#failures = 0;
	#openedAt = 0;
	#state: State = "connecting";
	#cursor = "";

	constructor(channels: readonly string[], presence: boolean, session: Session, listener: SubscriptionListener) {
		this.channels = channels;
		this.#presence = presence;
		this.#session = session;
		this.#listener = listener;
	}

	/** The position from which the next stream goes on; empty before the first. */
	get cursor(): string {
		return this.#cursor;
	}

	/** Opens a stream with a new ticket, from the cursor if there is one. */
	async open(): Promise<void> {
		this.#close();
		const attempt = this.#attempt;
		this.#change("connecting");
		try {
			const ticket = await makeTicket(this.#session.token, this.channels);
			if (attempt === this.#attempt) this.#connect(this.#url(ticket));
		} catch (error) {
			if (attempt === this.#attempt) this.#fail(error);
		}
	}

	/** Cuts the connection, as a network does that fails. */
	cut(): void {
		this.#close();
		this.#listener.occurred("cut", `The connection is cut. ${this.#place}`);
		this.#change("cut");
	}

	async resume(): Promise<void> {
		this.#failures = 0;
		this.#listener.occurred("resuming", `A new stream is asked for. ${this.#place}`);
		await this.open();
	}

	/** Ends it for good, without a word. */
	stop(): void {
		this.#close();
	}

	get #place(): string {
		return this.#cursor === "" ? "There is no cursor yet." : `The cursor is ${this.#cursor}.`;
	}

	#url(ticket: string): string {
		const query = new URLSearchParams(this.channels.map((channel) => ["channel", channel]));
		query.set("ticket", ticket);
		// Without names, EventSource hears events of every type, also of those that nobody has told the page.
		query.set("envelope", "1");
		query.set("unnamed", "1");
		query.set("presence", this.#presence ? "1" : "0");
		query.set("lastEventId", this.#cursor);
		return `/events?${query}`;
	}

	#connect(url: string): void {
		const source = new EventSource(url);
		this.#source = source;
		source.addEventListener("message", ({ data, lastEventId }) => {
			this.#cursor = lastEventId;
			const event = JSON.parse(data) as ReceivedEvent;
			this.#listener.received(event, event.at >= this.#openedAt);
		});
		for (const name of CONTROL_NAMES) {
			source.addEventListener(name, ({ data, lastEventId }) => {
				this.#cursor = lastEventId;
				this.#control({ name, data: JSON.parse(data) } as ControlEvent);
			});
		}
		source.addEventListener("error", () => {
			if (source.readyState === EventSource.CLOSED) void this.#giveUp(url);
			else this.#drop();
		});
	}

	#control(event: ControlEvent): void {
		this.#listener.controlled(event);
		if (event.name === "connected") {
			this.#failures = 0;
			this.#openedAt = Date.now();
			this.#change("open");
		} else if (event.name === "closing") {
			this.#close();
			if (event.data.reconnect) this.#wait();
			else this.#end("This access was ended: the stream does not come back by itself.");
		}
	}

	/** The connection broke off: EventSource comes back by itself. */
	#drop(): void {
		if (this.#state === "reconnecting") return;
		this.#listener.occurred("dropped", `The connection broke off, and the browser tries to come back. ${this.#place}`);
		this.#change("reconnecting");
	}

	/** EventSource was refused, and tries no more. */
	async #giveUp(url: string): Promise<void> {
		const wasOpen = this.#state !== "connecting";
		this.#close();
		const attempt = this.#attempt;
		const refusal = await whyRefused(url);
		if (attempt !== this.#attempt) return;
		// What was good before may only have become too old: a new ticket tells.
		if (refusal && wasOpen) this.#listener.occurred("refused", refusal.message);
		if (refusal && !wasOpen) this.#fail(refusal);
		else this.#wait();
	}

	#fail(error: unknown): void {
		const isFinal = error instanceof Refusal && error.status < 500 && error.status !== 429;
		if (isFinal) {
			this.#end(error.message);
		} else {
			this.#listener.occurred("refused", messageOf(error));
			this.#wait();
		}
	}

	#end(text: string): void {
		this.#close();
		this.#listener.occurred("ended", text);
		this.#change("ended");
	}

	/** Comes back later, and ever later while it fails. */
	#wait(): void {
		const wait = Math.min(FIRST_WAIT_MILLISECONDS * 2 ** this.#failures, LONGEST_WAIT_MILLISECONDS);
		this.#failures += 1;
		this.#listener.occurred("waiting", `A new ticket is asked for in ${wait / 1000} s. ${this.#place}`);
		this.#change("reconnecting");
		this.#timer = setTimeout(() => void this.open(), wait);
	}

	#close(): void {
		this.#attempt += 1;
		clearTimeout(this.#timer);
		this.#source?.close();
		this.#source = undefined;
	}

	#change(state: State): void {
		this.#state = state;
		this.#listener.changed(state);
	}
}
