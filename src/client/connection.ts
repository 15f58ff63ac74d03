import type { Connected } from "../wire/control.ts";
import { backoff } from "./backoff.ts";
import { closed, isFinal, isRefusal, loggedOut, type Outcome, outcomeOf, Reopening } from "./ending.ts";
import { type Frame, readFrames } from "./frames.ts";
import { type Notice, readNotice } from "./notice.ts";
import { openStream } from "./open-stream.ts";
import { type ConnectOptions, DEFAULT_SILENCE_SECONDS } from "./options.ts";
import { routesOf } from "./service-url.ts";
import { StoredCursor } from "./stored-cursor.ts";
import { Subscribers, tellState } from "./subscribers.ts";
import { TidingsError } from "./tidings-error.ts";
import { Timer } from "./timer.ts";
import type { ConnectionState, EventTypes, Handlers, ReceivedEvent } from "./types.ts";
import { unlessAborted } from "./unless-aborted.ts";
import { Upkeep } from "./upkeep.ts";
import { wait } from "./wait.ts";

/** How long to wait before reconnecting, until the service says how long. */
const RETRY_MILLISECONDS = 2000;
/** A stream that ended sooner than this is reopened only after a wait. */
const LASTING_MILLISECONDS = 1000;

/** A connection that is kept open. Its events go to handlers and to `for await` loops, to any number of both. */
export class Connection<Events = EventTypes> implements AsyncIterable<ReceivedEvent<Events>> {
	readonly #options: ConnectOptions<Events>;
	readonly #routeOf: (path: string) => URL;
	readonly #cursor: StoredCursor;
	readonly #subscribers = new Subscribers<Events>();
	readonly #silence = new Timer();
	#state: ConnectionState = { name: "connecting" };
	/** Everything that belongs to the current stream, or to the wait for the next one, ends with this. */
	#current = new AbortController();
	#upkeep: Upkeep | undefined;
	#retryMilliseconds = RETRY_MILLISECONDS;
	/** How many attempts in a row have failed. */
	#failures = 0;
	/** How many times in a row the service has refused the credentials. */
	#refusals = 0;

	/** Use {@link connect}. */
	constructor(options: ConnectOptions<Events>) {
		this.#options = options;
		this.#routeOf = routesOf(options.url);
		this.#cursor = new StoredCursor(this.#routeOf(""), options);
		this.#subscribers.add(options);
		// Nothing is told before the caller has the connection in hand.
		queueMicrotask(() => void this.#run());
	}

	/** The state that the connection is in. */
	get state(): ConnectionState {
		return this.#state;
	}

	/** The position of the connection in its channels; `null` before it was open for the first time. */
	get cursor(): string | null {
		return this.#cursor.value;
	}

	/**
	 * Shares the connection with another subscriber, who is told the current state at once, and events from now on. If the
	 * channels have ended already, `onEnd` is told at once too.
	 *
	 * @returns a function that ends the subscription. The connection stays open.
	 *
	 * @example
	 * const unsubscribe = connection.subscribe({ onEvent: ({ type, data }) => console.log(type, data) });
	 */
	subscribe(handlers: Handlers<Events>): () => void {
		this.#subscribers.add(handlers);
		tellState(handlers, this.#state);
		return () => this.#subscribers.remove(handlers);
	}

	/**
	 * The events from now on. The loop ends with the connection, also when its channels have ended. It throws if the service
	 * refuses for good, and a `TidingsError` with the code `abandoned` if the publisher has gone without ending the channel.
	 */
	[Symbol.asyncIterator](): AsyncIterator<ReceivedEvent<Events>, undefined> {
		const loop = this.#subscribers.addLoop();
		if (this.#state.name === "closed") loop.end(this.#state);
		return loop;
	}

	/** Closes the connection for good. */
	close(): void {
		this.#end({});
	}

	async #run(): Promise<void> {
		while (this.#state.name !== "closed") {
			const startedAt = performance.now();
			const error = await this.#readStream();
			if (isRefusal(error)) this.#refusals += 1;
			const isLasting = performance.now() - startedAt >= LASTING_MILLISECONDS;
			if (isFinal(error, this.#refusals)) this.#end(outcomeOf(error));
			else if (!(error instanceof Reopening && isLasting)) await this.#wait(error);
		}
	}

	/** Opens a stream and reads it to its end. Returns what ended it. */
	async #readStream(): Promise<unknown> {
		this.#current = new AbortController();
		const { signal } = this.#current;
		this.#setState({ name: "connecting" });
		try {
			this.#limitSilence();
			for await (const frames of readFrames(await this.#open(signal))) {
				for (const frame of frames) {
					this.#take(frame);
					// Waiting for a slow loop is not silence.
					this.#silence.clear();
					if (await this.#subscribers.finished()) this.#advance(frame);
					signal.throwIfAborted();
				}
				this.#limitSilence();
			}
			return new Error("The connection was lost.");
		} catch (error) {
			return signal.aborted ? signal.reason : error;
		} finally {
			this.#silence.clear();
			this.#current.abort();
		}
	}

	async #open(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
		const credential = this.#options.anonymous ? undefined : await this.#freshCredential(signal);
		return await openStream(this.#routeOf("events"), this.#options, { credential, cursor: this.cursor, signal });
	}

	/** Fetches a ticket or token. If there is none, the user has logged out, and the connection ends. */
	async #freshCredential(signal: AbortSignal): Promise<string> {
		signal.throwIfAborted();
		const options = this.#options;
		const given = await unlessAborted(options.getTicket ? options.getTicket() : options.getToken?.(), signal);
		if (typeof given === "string" && given !== "") return given;
		const error = loggedOut(options.getTicket ? "getTicket" : "getToken");
		this.#end({ error });
		throw error;
	}

	#take(frame: Frame): void {
		const { event, data, retry } = frame;
		const notice = data === undefined ? undefined : readNotice(event, data);
		// What ends the stream is the last that moves the cursor: a connection that resumes there has nothing left to read.
		if (notice?.name === "closing") this.#advance(frame);
		if (data !== undefined) this.#hear(notice);
		if (retry !== undefined && !this.#isConnecting) this.#retryMilliseconds = retry;
	}

	#hear(notice: Notice | undefined): void {
		if (this.#isConnecting) {
			if (notice?.name !== "connected")
				throw new Error("The stream is not from tidings: it does not begin with `connected`.");
			this.#opened(notice.data);
		} else if (notice?.name === "event") this.#subscribers.deliver(notice.data as ReceivedEvent<Events>);
		else if (notice?.name === "gap") this.#subscribers.tell("onGap", notice.data);
		else if (notice?.name === "presence") this.#subscribers.tellPresence(notice.data);
		else if (notice?.name === "ended") this.#subscribers.tell("onChannelEnd", notice.data);
		else if (notice?.name === "expiring") void this.#upkeep?.renew();
		else if (notice?.name === "closing") throw closed(notice.data);
	}

	/** Until a stream has said `connected`, nothing else in it counts. */
	get #isConnecting(): boolean {
		return this.#state.name === "connecting";
	}

	#opened(connected: Connected): void {
		const { getToken, alive } = this.#options;
		const { signal } = this.#current;
		this.#failures = 0;
		this.#refusals = 0;
		this.#setState({ name: "open", connected });
		this.#upkeep = new Upkeep({
			url: this.#routeOf(`connections/${encodeURIComponent(connected.connection)}`),
			signal,
			freshToken: getToken && (() => this.#freshCredential(signal)),
			reopen: () => this.#current.abort(new Reopening()),
		});
		this.#upkeep.renewBefore(connected.expires);
		if (alive) void this.#upkeep.signLife();
	}

	/** Moves the cursor after a frame. An event that a reader has not finished with would come again after a crash. */
	#advance({ id }: Frame): void {
		if (id && !this.#isConnecting) this.#cursor.set(id);
	}

	/** Gives the stream up if nothing comes for too long: a connection whose other end has vanished reports no error. */
	#limitSilence(): void {
		const { silenceSeconds = DEFAULT_SILENCE_SECONDS } = this.#options;
		const giveUp = () => this.#current.abort(new Error(`Nothing has come for ${silenceSeconds} seconds.`));
		this.#silence.set(giveUp, silenceSeconds * 1000);
	}

	async #wait(error: unknown): Promise<void> {
		if (this.#state.name === "closed") return;
		this.#failures += 1;
		const retryAfter = error instanceof TidingsError ? error.retryAfter : undefined;
		const milliseconds = Math.max(retryAfter ?? 0, backoff(this.#failures, this.#retryMilliseconds));
		this.#current = new AbortController();
		this.#setState({ name: "waiting", milliseconds, error });
		await wait(milliseconds, this.#current.signal);
	}

	#end(outcome: Outcome): void {
		if (this.#state.name === "closed") return;
		this.#setState({ name: "closed", ...outcome });
		this.#current.abort();
		this.#subscribers.endLoops(outcome);
	}

	/** A closed connection stays closed. */
	#setState(state: ConnectionState): void {
		if (this.#state.name === "closed") return;
		this.#state = state;
		this.#subscribers.tellState(state);
	}
}
