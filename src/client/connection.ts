import { backoff } from "./backoff.ts";
import type { ConnectOptions } from "./connect.ts";
import { EventLoop } from "./event-loop.ts";
import { type Frame, readFrames } from "./frames.ts";
import { TidingsError } from "./tidings-error.ts";
import { Timer } from "./timer.ts";
import type { Closing, Connected, ConnectionState, EventTypes, Handlers, ReceivedEvent } from "./types.ts";

/** New credentials are used so long before the old ones end: earlier than the service warns. */
const RENEWAL_MILLISECONDS = 75_000;
/** How long to wait before connecting again, where the service has not said. */
const RETRY_MILLISECONDS = 2000;
/** No timer takes more. */
const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1;

/** What of a window matters here; other runtimes have none. */
interface Network {
	addEventListener?(type: "online", listener: () => void): void;
	removeEventListener?(type: "online", listener: () => void): void;
}

/** The stream was given up to be opened again at once. */
class Reopening extends Error {}

/** A connection that is kept open. Its events can be had with handlers or with `for await`, by any number of readers. */
export class Connection<Events = EventTypes> implements AsyncIterable<ReceivedEvent<Events>> {
	readonly #options: ConnectOptions<Events>;
	readonly #storageKey: string;
	readonly #subscribers = new Set<Handlers<Events>>();
	readonly #loops = new Set<EventLoop<ReceivedEvent<Events>>>();
	#state: ConnectionState = { name: "connecting" };
	#cursor: string | null;
	#retryMilliseconds = RETRY_MILLISECONDS;
	/** How many attempts in a row came to nothing; and how many of them because of their credentials. */
	#failures = 0;
	#refusals = 0;
	#stream = new AbortController();
	readonly #renewal = new Timer();
	readonly #silence = new Timer();
	#wake: () => void = () => {};

	/** Use {@link connect}. */
	constructor(options: ConnectOptions<Events>) {
		const { url, channels, types = [], inbox, storage } = options;
		this.#options = options;
		this.#storageKey = `tidings:${JSON.stringify([`${url}`, [...channels].sort(), [...types].sort(), inbox])}`;
		this.#cursor = storage?.getItem(this.#storageKey) ?? null;
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
		handlers.onState?.(this.#state);
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
			this.#setState({ name: "connecting" });
			const error = await this.#readStream();
			if (isFinal(error, this.#refusals)) this.#end({ error });
			else if (!(error instanceof Reopening)) await this.#wait(error);
		}
	}

	/** Opens a stream and reads it to its end; answers with what has ended it. */
	async #readStream(): Promise<unknown> {
		this.#stream = new AbortController();
		const { signal } = this.#stream;
		try {
			this.#expectSomething();
			for await (const frame of readFrames(await this.#open(signal))) {
				this.#take(frame);
				await this.#allDone();
				signal.throwIfAborted();
				this.#keep(frame);
				this.#expectSomething();
			}
			return new Error("The connection was lost.");
		} catch (error) {
			return signal.aborted ? signal.reason : error;
		} finally {
			this.#renewal.clear();
			this.#silence.clear();
		}
	}

	async #open(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
		const { channels, types = [], inbox, presence, rewind } = this.#options;
		const url = this.#url("events");
		const query = url.searchParams;
		for (const channel of channels) query.append("channel", channel);
		for (const type of types) query.append("type", type);
		query.set("envelope", "1");
		if (inbox) query.set("inbox", "1");
		if (presence) query.set("presence", "1");
		if (rewind !== undefined) query.set("rewind", `${rewind}`);
		// Not as a header: before it sends that to another origin, a browser asks whether it may.
		if (this.#cursor !== null) query.set("lastEventId", this.#cursor);
		const ticket = await unlessAborted(this.#options.getTicket?.(), signal);
		if (ticket !== undefined) query.set("ticket", ticket);
		const response = await fetch(url, { headers: await this.#authorization(signal), signal, cache: "no-store" });
		if (response.status === 401) this.#refusals += 1;
		if (!response.ok || !response.body) throw await TidingsError.from(response);
		return response.body;
	}

	async #authorization(signal: AbortSignal): Promise<Record<string, string>> {
		const token = await unlessAborted(this.#options.getToken?.(), signal);
		return token === undefined ? {} : { Authorization: `Bearer ${token}` };
	}

	#url(path: string): URL {
		return new URL(path, `${this.#options.url}`.replace(/\/?$/, "/"));
	}

	#take({ event, data, retry }: Frame): void {
		if (retry !== undefined) this.#retryMilliseconds = Number(retry);
		const told = data === undefined ? undefined : JSON.parse(data);
		if (event === "closing") throw closed(told);
		if (event === "connected") this.#opened(told);
		else if (event === "gap") this.#tell("onGap", told);
		else if (event === "presence") this.#tell("onPresence", told);
		else if (event === "expiring") void this.#renew();
		else if (told !== undefined && event !== "heartbeat") this.#hand(told);
	}

	#opened(connected: Connected): void {
		this.#failures = 0;
		this.#refusals = 0;
		this.#setState({ name: "open", connected });
		this.#renewBefore(connected.expires);
	}

	#hand(event: ReceivedEvent<Events>): void {
		this.#tell("onEvent", event);
		for (const loop of this.#loops) loop.push(event);
	}

	/** A loop takes its time; meanwhile the service holds back what follows. */
	async #allDone(): Promise<void> {
		this.#silence.clear();
		await Promise.all(Array.from(this.#loops, (loop) => loop.done()));
	}

	/** What nobody has done with yet is not behind the cursor: after a crash it comes again. */
	#keep({ id }: Frame): void {
		if (id === undefined) return;
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
		if (left <= 0) return;
		const renew = () => {
			if (this.#options.getToken) void this.#renew();
			// A ticket opens streams only: the next one opens the next.
			else this.#stream.abort(new Reopening());
		};
		this.#renewal.set(renew, Math.min(left, MAX_TIMER_MILLISECONDS));
	}

	/** Lets the stream live on with a new token. */
	async #renew(): Promise<void> {
		const { state } = this;
		const { signal } = this.#stream;
		if (!this.#options.getToken || state.name !== "open") return;
		this.#renewal.clear();
		try {
			const url = this.#url(`connections/${encodeURIComponent(state.connected.connection)}`);
			const response = await fetch(url, { method: "PUT", headers: await this.#authorization(signal), signal });
			if (!response.ok) throw await TidingsError.from(response);
			const { expires } = (await response.json()) as Pick<Connected, "expires">;
			if (!signal.aborted) this.#renewBefore(expires);
		} catch (error) {
			// The stream goes on to its end; the next one shows what is wrong.
			if (!signal.aborted) console.warn("tidings: the stream could not be renewed.", error);
		}
	}

	async #wait(error: unknown): Promise<void> {
		if (this.#state.name === "closed") return;
		this.#failures += 1;
		const asked = error instanceof TidingsError ? (error.retryAfter ?? 0) : 0;
		const milliseconds = Math.max(asked, backoff(this.#failures, this.#retryMilliseconds));
		const timer = new Timer();
		const network = globalThis as unknown as Network;
		await new Promise<void>((resolve) => {
			this.#wake = resolve;
			timer.set(resolve, milliseconds);
			network.addEventListener?.("online", this.#wake);
			this.#setState({ name: "waiting", milliseconds, error });
		});
		network.removeEventListener?.("online", this.#wake);
		timer.clear();
	}

	#end(ended: { error?: unknown }): void {
		this.#setState({ name: "closed", ...ended });
		this.#stream.abort();
		this.#wake();
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

/** Waits for credentials, and no longer than for anything else. */
function unlessAborted<Value>(value: Value | Promise<Value>, signal: AbortSignal): Promise<Value> {
	return new Promise((resolve, reject) => {
		const abort = () => reject(signal.reason);
		signal.addEventListener("abort", abort);
		void Promise.resolve(value)
			.then(resolve, reject)
			.finally(() => signal.removeEventListener("abort", abort));
	});
}

/** What a subscriber or its storage throws must not end the connection: it is reported like any error nobody caught. */
function guarded(call: () => void): void {
	try {
		call();
	} catch (error) {
		queueMicrotask(() => {
			throw error;
		});
	}
}

function closed({ reason, reconnect }: Closing): Error {
	if (reason === "token_expired") return new Reopening();
	const message = `The service has ended the stream: ${reason}.`;
	return reconnect ? new Error(message) : new TidingsError(message, { status: 200, code: reason });
}

/** What has failed once with fresh credentials may go well with the next; what has failed twice will go on to fail. */
function isFinal(error: unknown, refusals: number): boolean {
	if (!(error instanceof TidingsError) || error.isTemporary) return false;
	return error.status !== 401 || refusals > 1;
}
