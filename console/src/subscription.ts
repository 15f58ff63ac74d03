import type { ControlEvents } from "../../src/wire/control.ts";
import type { Envelope } from "../../src/wire/envelope.ts";
import { messageOf } from "./page.ts";
import { makeTicket, Refusal, whyRefused } from "./service.ts";
import type { Session } from "./session.ts";

export type State = "connecting" | "open" | "reconnecting" | "cut" | "ended";

const CONTROL_NAMES = ["connected", "gap", "expiring", "presence", "ended", "closing"] as const;

/** A control event with its data. */
export type ControlEvent = {
	[Name in keyof ControlEvents]: { name: Name; data: ControlEvents[Name] };
}[keyof ControlEvents];

/** What the page does or notices itself. */
export type Occurrence = "cut" | "resuming" | "dropped" | "refused" | "waiting" | "ended";

/** Who is told what happens to a subscription. */
export interface SubscriptionListener {
	changed(state: State): void;
	/** @param isLive whether the event was published after the stream was opened. Only then has it a delivery delay. */
	received(event: Envelope, isLive: boolean): void;
	controlled(event: ControlEvent): void;
	occurred(name: Occurrence, text: string): void;
}

const FIRST_WAIT_MILLISECONDS = 1000;
const LONGEST_WAIT_MILLISECONDS = 30_000;

/** One subscription over as many streams as it takes. Each stream starts at the cursor that the last one reached. */
export class Subscription {
	readonly channels: readonly string[];
	readonly #presence: boolean;
	readonly #session: Session;
	readonly #listener: SubscriptionListener;
	#source: EventSource | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;
	/** The number of the current attempt to connect. Results of earlier attempts are ignored. */
	#attempt = 0;
	#failures = 0;
	/** When the current stream was opened, in unix milliseconds. */
	#openedAt = Number.POSITIVE_INFINITY;
	#state: State = "connecting";
	#cursor: string | undefined;

	constructor(channels: readonly string[], presence: boolean, session: Session, listener: SubscriptionListener) {
		this.channels = channels;
		this.#presence = presence;
		this.#session = session;
		this.#listener = listener;
	}

	/** Where the next stream starts; `undefined` before the first one. */
	get cursor(): string | undefined {
		return this.#cursor;
	}

	/** Opens a stream with a new ticket, at the cursor if there is one. */
	async open(): Promise<void> {
		this.#close();
		const attempt = this.#attempt;
		this.#change("connecting");
		const { token } = this.#session;
		if (token === undefined) return;
		try {
			const ticket = await makeTicket(token, this.channels);
			if (attempt === this.#attempt) this.#connect(this.#url(ticket));
		} catch (error) {
			if (attempt === this.#attempt) this.#fail(error);
		}
	}

	/** Cuts the connection, as a failing network would. */
	cut(): void {
		this.#close();
		this.#listener.occurred("cut", `The connection was cut. ${this.#place}`);
		this.#change("cut");
	}

	async resume(): Promise<void> {
		this.#failures = 0;
		this.#listener.occurred("resuming", `The page opens a new stream. ${this.#place}`);
		await this.open();
	}

	/** Ends the subscription without telling the listener. */
	stop(): void {
		this.#close();
	}

	get #place(): string {
		return this.#cursor === undefined ? "There is no cursor yet." : `The cursor is ${this.#cursor}.`;
	}

	#url(ticket: string): string {
		const query = new URLSearchParams(this.channels.map((channel) => ["channel", channel]));
		query.set("ticket", ticket);
		// An EventSource receives events without a name whatever their type, even a type that the page has never seen.
		query.set("envelope", "1");
		query.set("unnamed", "1");
		query.set("presence", this.#presence ? "1" : "0");
		if (this.#cursor !== undefined) query.set("lastEventId", this.#cursor);
		return `/events?${query}`;
	}

	#connect(url: string): void {
		const source = new EventSource(url);
		this.#source = source;
		source.addEventListener("message", ({ data, lastEventId }) => {
			this.#cursor = lastEventId;
			const event = JSON.parse(data) as Envelope;
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
			else if (event.data.reason === "revoked")
				this.#end("This access was revoked. The page does not reconnect by itself.");
			else this.#end("Nothing more will come.");
		}
	}

	/** The connection was lost. The EventSource reconnects by itself. */
	#drop(): void {
		if (this.#state === "reconnecting") return;
		this.#listener.occurred("dropped", `The connection was lost, and the browser reconnects. ${this.#place}`);
		this.#change("reconnecting");
	}

	/** The EventSource was refused and has given up. */
	async #giveUp(url: string): Promise<void> {
		const wasOpen = this.#state !== "connecting";
		this.#close();
		const attempt = this.#attempt;
		const refusal = await whyRefused(url);
		if (attempt !== this.#attempt) return;
		// The ticket of an open stream may only have expired, so a new one is tried.
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

	/** Reconnects later. The wait doubles while attempts fail. */
	#wait(): void {
		const milliseconds = Math.min(FIRST_WAIT_MILLISECONDS * 2 ** this.#failures, LONGEST_WAIT_MILLISECONDS);
		this.#failures += 1;
		this.#listener.occurred("waiting", `The page asks for a new ticket in ${milliseconds / 1000} s. ${this.#place}`);
		this.#change("reconnecting");
		this.#timer = setTimeout(() => void this.open(), milliseconds);
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
