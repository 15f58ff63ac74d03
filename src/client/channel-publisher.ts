import type { EventInput } from "../wire/intake.ts";
import type { Receipt } from "../wire/receipt.ts";
import { parseObject } from "./body.ts";
import { eventJson } from "./event-json.ts";
import { nextAttempt } from "./persistence.ts";
import type { PublishOptions } from "./publish-options.ts";
import { isReceiptFor } from "./receipt.ts";
import { TidingsError } from "./tidings-error.ts";
import { Timer } from "./timer.ts";
import type { ClientSocket } from "./upgrade.ts";
import { wait } from "./wait.ts";

/** What the service lets one connection have unanswered. */
const MAX_UNANSWERED = 1024;
const MAX_UNANSWERED_CHARACTERS = 4_194_304;
/** A connection that answers nothing for so long, although something is due, is given up. */
const SILENCE_MILLISECONDS = 30_000;

interface ConnectionOptions {
	channel: string;
	open: () => Promise<ClientSocket>;
}

/** A publish that is not answered yet. */
interface Pending {
	readonly ref: number;
	/** The message. It has an idempotency key, so that it can be sent again. */
	readonly text: string;
	readonly count: number;
	readonly promise: Promise<Receipt>;
	resolve(receipt: Receipt): void;
	reject(error: unknown): void;
	/** Whether the caller has given it up. */
	isAborted: boolean;
}

/**
 * Publishes to one channel over a connection that it keeps. It opens it with the first publish, and again after a break:
 * what was not answered is then sent again, in order, and nothing is stored twice.
 *
 * @example
 * await using orders = createPublisher({ url: "https://events.example.com", key: env.PUBLISH_KEY }).channel("orders");
 * await Promise.all([orders.publish({ data: 1 }), orders.publish({ data: 2 })]);
 */
export class ChannelPublisher {
	readonly #options: ConnectionOptions;
	/** In the order in which they were published. The first of them were sent over the current connection. */
	#pending: Pending[] = [];
	#sent = 0;
	#sentCharacters = 0;
	#socket: ClientSocket | undefined;
	#isRunning = false;
	#isClosed = false;
	/** Ends the current connection. */
	#lose: (error: Error) => void = () => {};
	readonly #silence = new Timer();
	#refs = 0;
	/** How many attempts in a row have come to nothing. */
	#failures = 0;
	/** Why the service takes nothing more with this key. */
	#refusal: TidingsError | undefined;

	/** Use `channel()` of a publisher. */
	constructor(options: ConnectionOptions) {
		this.#options = options;
	}

	/**
	 * Publishes an event, or a batch of 1 to 100. It is sent without waiting for the answers to others, and stored after
	 * them. Once it resolves, the events are on disk.
	 *
	 * @throws TidingsError when the service refuses; TypeError when the service cannot be reached for some seconds, when JSON
	 * cannot hold the event, or after `close()`; the signal's reason.
	 *
	 * @example
	 * const { ids } = await orders.publish({ type: "paid", data: { id: 7 } }, { idempotencyKey: "order-7-paid" });
	 */
	async publish(events: EventInput | readonly EventInput[], options: PublishOptions = {}): Promise<Receipt> {
		const { signal } = options;
		signal?.throwIfAborted();
		if (this.#refusal) throw this.#refusal;
		if (this.#isClosed) throw new TypeError("This publisher was closed. Make another one with `channel()`.");
		const pending = this.#enter(events, options);
		const abort = () => this.#abort(pending, signal?.reason);
		signal?.addEventListener("abort", abort);
		try {
			return await pending.promise;
		} finally {
			signal?.removeEventListener("abort", abort);
		}
	}

	/** Waits until everything that was published is answered, and closes the connection. Nothing can be published then. */
	async close(): Promise<void> {
		this.#isClosed = true;
		await Promise.allSettled(this.#pending.map(({ promise }) => promise));
		this.#socket?.close(1000);
	}

	/** The same as `close()`, for `await using`. */
	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}

	#enter(events: EventInput | readonly EventInput[], { idempotencyKey, ifHead, end }: PublishOptions): Pending {
		const json = eventJson(events);
		const isBatch = Array.isArray(events);
		const ref = this.#refs;
		this.#refs += 1;
		const more = JSON.stringify({
			idempotencyKey: idempotencyKey ?? crypto.randomUUID(),
			ifHead,
			end: end || undefined,
		});
		const text = `{"ref":${ref},"events":${isBatch ? json : `[${json}]`},${more.slice(1)}`;
		if (text.length > MAX_UNANSWERED_CHARACTERS) {
			const message = `These events take more than ${MAX_UNANSWERED_CHARACTERS} characters as JSON. Publish them in smaller batches.`;
			throw new TidingsError(message, { status: 413, code: "payload_too_large" });
		}
		let settle: Pick<Pending, "resolve" | "reject"> = { resolve: () => {}, reject: () => {} };
		const promise = new Promise<Receipt>((resolve, reject) => {
			settle = { resolve, reject };
		});
		const pending = { ref, text, count: isBatch ? events.length : 1, promise, ...settle, isAborted: false };
		this.#pending.push(pending);
		if (this.#isRunning) this.#send();
		else void this.#run();
		return pending;
	}

	/** What was sent may be stored all the same, so its answer is waited for. */
	#abort(pending: Pending, reason: unknown): void {
		pending.isAborted = true;
		pending.reject(reason);
		const index = this.#pending.indexOf(pending);
		if (index >= this.#sent) this.#pending.splice(index, 1);
	}

	/** Connects for as long as something is pending. */
	async #run(): Promise<void> {
		this.#isRunning = true;
		while (this.#pending.length > 0) {
			const error = await this.#connect();
			this.#sent = 0;
			this.#sentCharacters = 0;
			this.#pending = this.#pending.filter(({ isAborted }) => !isAborted);
			if (this.#pending.length === 0) break;
			this.#failures += 1;
			const milliseconds = nextAttempt(error, this.#failures);
			if (milliseconds === undefined) this.#fail(error);
			else await wait(milliseconds);
		}
		this.#isRunning = false;
	}

	/** Opens a connection, and returns why it ended. */
	async #connect(): Promise<Error> {
		let socket: ClientSocket | undefined;
		const lost = new Promise<Error>((resolve) => {
			this.#lose = (error) => {
				this.#socket = undefined;
				resolve(error);
			};
		});
		const lose = this.#lose;
		this.#limitSilence();
		const opened = this.#options.open().then((opened) => {
			socket = opened;
			return this.#socketIsOpen(opened, lose);
		}, lose);
		const error = await lost;
		this.#silence.clear();
		// It may still open.
		void opened.then(() => socket?.close());
		return error;
	}

	#socketIsOpen(socket: ClientSocket, lose: (error: Error) => void): void {
		// It was given up before.
		if (lose !== this.#lose) return;
		this.#socket = socket;
		socket.addEventListener("message", ({ data }) => {
			if (this.#socket === socket) this.#hear(data);
		});
		socket.addEventListener("close", ({ code, reason }) => lose(closeError(code, reason)));
		socket.addEventListener("error", () => lose(closeError(1006, "")));
		if (this.#pending.length > 0) this.#send();
		else if (this.#isClosed) socket.close(1000);
	}

	/** Sends what is pending, as far as the service lets it wait. */
	#send(): void {
		if (!this.#socket) return;
		for (const { text } of this.#pending.slice(this.#sent, MAX_UNANSWERED)) {
			if (this.#sentCharacters + text.length > MAX_UNANSWERED_CHARACTERS) break;
			this.#socket.send(text);
			this.#sent += 1;
			this.#sentCharacters += text.length;
		}
		if (this.#sent > 0) this.#limitSilence();
		else this.#silence.clear();
	}

	#hear(data: unknown): void {
		const told = (typeof data === "string" ? parseObject(data) : undefined) ?? {};
		const [pending] = this.#pending;
		// Answers come in order. One without a number is for a message that the service could not read.
		const isOurs = this.#sent > 0 && (told.ref === pending?.ref || told.ref === null);
		const outcome = isOurs && pending ? this.#outcomeOf(told, pending) : undefined;
		if (outcome === undefined) {
			this.#lose(new TidingsError("The answer is not from tidings. Check the url.", { status: 200, code: undefined }));
			return;
		}
		if (outcome instanceof TidingsError && outcome.status >= 500) {
			this.#lose(outcome);
			return;
		}
		this.#pending.shift();
		this.#sent -= 1;
		this.#sentCharacters -= pending?.text.length ?? 0;
		this.#failures = 0;
		if (outcome instanceof TidingsError) pending?.reject(outcome);
		else pending?.resolve(outcome);
		this.#send();
	}

	#outcomeOf(told: Record<string, unknown>, { count }: Pending): Receipt | TidingsError | undefined {
		const { ids, subscribers, code, detail, status } = told;
		if (typeof code === "string" && typeof status === "number") return new TidingsError(`${detail}`, { status, code });
		const receipt = { channel: this.#options.channel, ids, subscribers };
		return isReceiptFor(count, receipt) ? receipt : undefined;
	}

	#limitSilence(): void {
		const lose = this.#lose;
		const error = () => new TypeError(`The service has answered nothing for ${SILENCE_MILLISECONDS / 1000} seconds.`);
		this.#silence.set(() => lose(error()), SILENCE_MILLISECONDS);
	}

	/** Gives up what is pending. With credentials that were refused, whatever comes later would be refused too. */
	#fail(error: Error): void {
		if (error instanceof TidingsError && !error.isTemporary) this.#refusal = error;
		this.#failures = 0;
		for (const { reject } of this.#pending.splice(0)) reject(error);
	}
}

function closeError(code: number, reason: string): Error {
	const message = `The service has closed the connection: ${reason || code}.`;
	if (code === 4401) return new TidingsError(message, { status: 401, code: reason });
	return code === 1013 ? new TidingsError(message, { status: 429, code: reason }) : new TypeError(message);
}
