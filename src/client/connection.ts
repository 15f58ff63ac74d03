import { ask } from "./ask.ts";
import { backoff } from "./backoff.ts";
import { bearer } from "./bearer.ts";
import { hasTexts, isOfType, parseObject } from "./body.ts";
import type { ConnectOptions } from "./connect.ts";
import { closed, isFinal, isRefusal, Reopening } from "./ending.ts";
import { EventLoop } from "./event-loop.ts";
import { type Frame, readFrames } from "./frames.ts";
import { guarded } from "./guarded.ts";
import { putNumber } from "./put-number.ts";
import { routesOf } from "./service-url.ts";
import { TidingsError } from "./tidings-error.ts";
import { Timer } from "./timer.ts";
import type {
	Closing,
	Connected,
	ConnectionState,
	EventTypes,
	Gap,
	Handlers,
	Presence,
	ReceivedEvent,
} from "./types.ts";
import { unlessAborted } from "./unless-aborted.ts";
import { wait } from "./wait.ts";

/** New credentials are used so long before the old ones end: earlier than the service warns. */
const RENEWAL_MILLISECONDS = 75_000;
/** How long to wait before connecting again, where the service has not said. */
const RETRY_MILLISECONDS = 2000;
/** No stream is opened again, and none is renewed, sooner than that after the last time, where nobody asks for a wait. */
const LEAST_MILLISECONDS = 1000;
/** When the next sign of life is tried where the last one was not answered, times two. */
const ALIVE_SECONDS = 20;

/** A connection that is kept open. Its events can be had with handlers or with `for await`, by any number of readers. */
export class Connection<Events = EventTypes> implements AsyncIterable<ReceivedEvent<Events>> {
	readonly #options: ConnectOptions<Events>;
	readonly #routeOf: (path: string) => URL;
	readonly #storageKey: string;
	readonly #subscribers = new Set<Handlers<Events>>();
	readonly #loops = new Set<EventLoop<ReceivedEvent<Events>>>();
	#state: ConnectionState = { name: "connecting" };
	#cursor: string | null = null;
	#retryMilliseconds = RETRY_MILLISECONDS;
	/** How many attempts in a row came to nothing; and how many of them because of their credentials. */
	#failures = 0;
	#refusals = 0;
	#stream = new AbortController();
	readonly #renewal = new Timer();
	readonly #life = new Timer();
	readonly #silence = new Timer();

	/** Use {@link connect}. */
	constructor(options: ConnectOptions<Events>) {
		const { url, channels, types = [], inbox = false, storage } = options;
		this.#options = options;
		this.#routeOf = routesOf(url);
		this.#storageKey = `tidings:${JSON.stringify([this.#routeOf(""), [...channels].sort(), [...types].sort(), inbox])}`;
		guarded(() => {
			this.#cursor = storage?.getItem(this.#storageKey) || null;
		});
		this.#subscribers.add(options);
		// Whoever connects has the connection in hand before anything is told.
		queueMicrotask(() => void this.#run());
	}

	/** How the connection stands. */
	get state(): ConnectionState {
		return this.#state;
	}

	/** Where the connection stands in its channels; `null` before it was open for the first time. */
	get cursor(): string | null {
		return this.#cursor;
	}

	/**
	 * Shares the connection with another subscriber, who is told its state at once, and events from now on.
	 *
	 * @returns what ends the subscription. It leaves the connection open.
	 *
	 * @example
	 * const unsubscribe = connection.subscribe({ onEvent: ({ type, data }) => console.log(type, data) });
	 */
	subscribe(handlers: Handlers<Events>): () => void {
		this.#subscribers.add(handlers);
		guarded(() => handlers.onState?.(this.#state));
		return () => void this.#subscribers.delete(handlers);
	}

	/** The events from now on. The loop ends with the connection, and throws when the service refuses for good. */
	[Symbol.asyncIterator](): AsyncIterator<ReceivedEvent<Events>, undefined> {
		const loop = new EventLoop<ReceivedEvent<Events>>(() => this.#loops.delete(loop));
		this.#loops.add(loop);
		if (this.#state.name === "closed") loop.end(this.#state);
		return loop;
	}

	/** Ends the connection. */
	close(): void {
		this.#end({});
	}

	async #run(): Promise<void> {
		while (this.#state.name !== "closed") {
			const startedAt = performance.now();
			const error = await this.#readStream();
			if (isRefusal(error)) this.#refusals += 1;
			const isLasting = performance.now() - startedAt >= LEAST_MILLISECONDS;
			if (isFinal(error, this.#refusals)) this.#end({ error });
			else if (!(error instanceof Reopening && isLasting)) await this.#wait(error);
		}
	}

	/** Opens a stream and reads it to its end; answers with what has ended it. */
	async #readStream(): Promise<unknown> {
		this.#stream = new AbortController();
		const { signal } = this.#stream;
		this.#setState({ name: "connecting" });
		try {
			this.#expectSomething();
			for await (const frames of readFrames(await this.#open(signal))) {
				for (const frame of frames) {
					this.#take(frame);
					if (await this.#allDone()) this.#keep(frame);
					signal.throwIfAborted();
				}
				this.#expectSomething();
			}
			return new Error("The connection was lost.");
		} catch (error) {
			return signal.aborted ? signal.reason : error;
		} finally {
			this.#renewal.clear();
			this.#life.clear();
			this.#silence.clear();
		}
	}

	async #open(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
		const { channels, types = [], inbox, presence, rewind, getTicket } = this.#options;
		const credential = await this.#credential(signal);
		const url = this.#routeOf("events");
		const query = url.searchParams;
		for (const channel of channels) query.append("channel", channel);
		for (const type of types) query.append("type", type);
		query.set("envelope", "1");
		if (inbox) query.set("inbox", "1");
		if (presence) query.set("presence", "1");
		if (rewind !== undefined) query.set("rewind", `${rewind}`);
		// Not as a header: before it sends that to another origin, a browser asks whether it may.
		if (this.#cursor !== null) query.set("lastEventId", this.#cursor);
		if (getTicket) query.set("ticket", credential);
		const response = await ask(url, 200, { headers: getTicket ? {} : bearer(credential), signal });
		if (!response.body || !isOfType(response, "text/event-stream")) throw await TidingsError.from(response);
		return response.body;
	}

	/** A fresh ticket or token. Without one, nobody is logged in, and the connection has come to its end. */
	async #credential(signal: AbortSignal): Promise<string> {
		signal.throwIfAborted();
		const options = this.#options;
		const given = await unlessAborted(options.getTicket ? options.getTicket() : options.getToken?.(), signal);
		if (typeof given === "string" && given !== "") return given;
		const message = `${options.getTicket ? "getTicket" : "getToken"} gave no text: nobody is logged in.`;
		const error = new TidingsError(message, { status: 401, code: "missing_token" });
		this.#end({ error });
		throw error;
	}

	/** Until a stream says `connected`, nothing in it counts. */
	#take({ event, data, retry }: Frame): void {
		if (data !== undefined) this.#hear(event, parseObject(data));
		if (retry !== undefined && this.#state.name !== "connecting") this.#retryMilliseconds = retry;
	}

	#hear(event: string | undefined, told: object | undefined): void {
		if (!told) throw new Error("The stream is not from tidings: what it tells is no JSON object.");
		if (this.#state.name === "connecting") {
			if (event !== "connected" || !hasTexts<Connected>(told, "connection", "user"))
				throw new Error("The stream is not from tidings: it does not begin with `connected`.");
			this.#opened(told);
		} else if (event === "closing" && hasTexts<Closing>(told, "reason")) throw closed(told);
		else if (event === "gap" && hasTexts<Gap>(told, "channel", "reason")) this.#tell("onGap", told);
		else if (event === "presence" && hasTexts<Presence>(told, "channel", "user")) this.#tell("onPresence", told);
		else if (event === "expiring") void this.#renew();
		// A later version of the service may have more to tell; it is not an event.
		else if (hasTexts<ReceivedEvent<EventTypes>>(told, "channel", "id", "type"))
			this.#hand(told as ReceivedEvent<Events>);
	}

	#opened(connected: Connected): void {
		this.#failures = 0;
		this.#refusals = 0;
		this.#setState({ name: "open", connected });
		this.#renewBefore(connected.expires);
		if (this.#options.alive) void this.#live();
	}

	#hand(event: ReceivedEvent<Events>): void {
		this.#tell("onEvent", event);
		for (const loop of this.#loops) loop.push(event);
	}

	/** A loop takes its time; meanwhile the service holds back what follows. */
	async #allDone(): Promise<boolean> {
		this.#silence.clear();
		const done = await Promise.all(Array.from(this.#loops, (loop) => loop.done()));
		return !done.includes(false);
	}

	/** What nobody has done with yet is not behind the cursor: after a crash it comes again. */
	#keep({ id }: Frame): void {
		if (!id || this.#state.name === "connecting") return;
		this.#cursor = id;
		guarded(() => this.#options.storage?.setItem(this.#storageKey, id));
	}

	/** A connection whose other end has vanished says nothing of it. */
	#expectSomething(): void {
		const { silenceSeconds = 60 } = this.#options;
		const giveUp = () => this.#stream.abort(new Error(`Nothing has come for ${silenceSeconds} seconds.`));
		this.#silence.set(giveUp, silenceSeconds * 1000);
	}

	/** A clock that is wrong makes it late, or leaves it out: then the service's `expiring` or `closing` comes first. */
	#renewBefore(expires: number): void {
		this.#renewal.clear();
		const left = expires * 1000 - RENEWAL_MILLISECONDS - Date.now();
		// No number either: then there is nothing to go by.
		if (!(left > 0)) return;
		const renew = () => {
			if (this.#options.getToken) void this.#renew();
			// A ticket opens streams only: the next one opens the next.
			else this.#stream.abort(new Reopening());
		};
		this.#renewal.set(renew, Math.max(left, LEAST_MILLISECONDS));
	}

	/** Lets the stream live on with a new token. */
	async #renew(): Promise<void> {
		const { signal } = this.#stream;
		if (!this.#options.getToken || this.#state.name !== "open") return;
		this.#renewal.clear();
		try {
			const expires = await this.#put("expires", signal);
			if (!signal.aborted) this.#renewBefore(expires);
		} catch (error) {
			// The stream goes on to its end; the next one shows what is wrong.
			if (!signal.aborted) console.warn("tidings: the stream could not be renewed.", error);
		}
	}

	/** Gives a sign of life, and the next one when half of the time for it is over: one may get lost. */
	async #live(): Promise<void> {
		const { signal } = this.#stream;
		let seconds = ALIVE_SECONDS;
		try {
			seconds = await this.#put("aliveSeconds", signal, { alive: true });
		} catch (error) {
			// Where the network has failed, so has the stream; that it was not heard in time, the service shows by ending it.
			if (!signal.aborted) console.warn("tidings: no sign of life could be given.", error);
		}
		if (!signal.aborted) this.#life.set(() => void this.#live(), Math.max(seconds * 500, LEAST_MILLISECONDS));
	}

	/** Tells the service something of the open stream, and answers with a number of its answer. */
	async #put(name: "expires" | "aliveSeconds", signal: AbortSignal, body?: object): Promise<number> {
		if (this.#state.name !== "open") throw new Error("The stream is not open.");
		const url = this.#routeOf(`connections/${encodeURIComponent(this.#state.connected.connection)}`);
		return await putNumber(url, name, { headers: bearer(await this.#credential(signal)), signal }, body);
	}

	async #wait(error: unknown): Promise<void> {
		if (this.#state.name === "closed") return;
		this.#failures += 1;
		const asked = error instanceof TidingsError ? (error.retryAfter ?? 0) : 0;
		const milliseconds = Math.max(asked, backoff(this.#failures, this.#retryMilliseconds));
		this.#stream = new AbortController();
		this.#setState({ name: "waiting", milliseconds, error });
		await wait(milliseconds, this.#stream.signal);
	}

	#end(ended: { error?: unknown }): void {
		if (this.#state.name === "closed") return;
		this.#setState({ name: "closed", ...ended });
		this.#stream.abort();
		for (const loop of this.#loops) loop.end(ended);
	}

	/** Closed is closed. */
	#setState(state: ConnectionState): void {
		if (this.#state.name === "closed") return;
		this.#state = state;
		this.#tell("onState", state);
	}

	#tell<Name extends keyof Handlers<Events>>(
		name: Name,
		told: Parameters<NonNullable<Handlers<Events>[Name]>>[0],
	): void {
		for (const subscriber of this.#subscribers) {
			guarded(() => (subscriber[name] as ((told: unknown) => void) | undefined)?.call(subscriber, told));
		}
	}
}
