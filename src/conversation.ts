import { Problem } from "./errors.ts";

const ANSWER_MILLISECONDS = 10_000;
const MAX_MESSAGE_CHARACTERS = 32_768;
/** The most messages that may wait while one is handled. */
const MAX_WAITING = 32;
/** The most messages in a period. Each ping has a reply, and replies pile up for a client that does not read. */
const MAX_MESSAGES = 1000;
const PERIOD_MILLISECONDS = 10_000;

interface ConversationOptions {
	/** Whether the WebSocket is open. */
	isOpen(): boolean;
	/** Called for each message that is within the limits, before it is handled. */
	heard(): void;
	/** Handles a message. It may throw what the client is then told. */
	handle(text: string): void | Promise<void>;
	/** Tells the client of an error, and closes its WebSocket. */
	fail(problem: Problem): void;
}

/** What a client may send over a WebSocket, and how long it may take to be authenticated. */
export class Conversation {
	readonly #options: ConversationOptions;
	/** Messages are handled one at a time, so that a second `auth` cannot overtake the first. */
	#work: Promise<void> = Promise.resolve();
	#waiting = 0;
	#messages = 0;
	#periodEndsAt = 0;
	#deadline: number | null = null;
	#isAuthenticating = false;

	constructor(options: ConversationOptions) {
		this.#options = options;
	}

	/** Resolves when a message has been handled. Checks the limits before it is queued, because the queue is held in memory. */
	async receive(data: string | ArrayBuffer): Promise<void> {
		try {
			const text = checkSize(data);
			this.#count(Date.now());
			this.#options.heard();
			this.#waiting += 1;
			this.#work = this.#work.then(() => this.#handle(text));
		} catch (error) {
			this.#options.fail(Problem.of(error));
		}
		await this.#work;
	}

	/** From now on, the client has 10 seconds to send an `auth`. */
	expectAuth(): void {
		this.#deadline ??= setTimeout(
			() => this.#options.fail(this.#isAuthenticating ? authTimedOut() : authMissing()),
			ANSWER_MILLISECONDS,
		);
	}

	/** Handles an `auth` within 10 seconds: a hook may take long. */
	async authenticate(work: () => Promise<void>): Promise<void> {
		this.expectAuth();
		this.#isAuthenticating = true;
		await work();
		this.#isAuthenticating = false;
		this.stop();
		this.#options.heard();
	}

	/** Stops the clock. */
	stop(): void {
		clearTimeout(this.#deadline);
		this.#deadline = null;
	}

	#count(now: number): void {
		if (now >= this.#periodEndsAt) {
			this.#periodEndsAt = now + PERIOD_MILLISECONDS;
			this.#messages = 0;
		}
		this.#messages += 1;
		if (this.#waiting < MAX_WAITING && this.#messages <= MAX_MESSAGES) return;
		throw new Problem(
			"rate_limited",
			"You send messages too fast. Send at most 1,000 in 10 seconds, and wait for the replies.",
		);
	}

	async #handle(text: string): Promise<void> {
		this.#waiting -= 1;
		if (!this.#options.isOpen()) return;
		try {
			await this.#options.handle(text);
		} catch (error) {
			this.#options.fail(Problem.of(error));
		}
	}
}

/** @throws Problem `invalid_request` or `payload_too_large`. */
function checkSize(data: string | ArrayBuffer): string {
	if (typeof data !== "string") throw new Problem("invalid_request", "The message is binary. Send JSON as text.");
	if (data.length <= MAX_MESSAGE_CHARACTERS) return data;
	throw new Problem(
		"payload_too_large",
		`The message has more than ${MAX_MESSAGE_CHARACTERS} characters. Send a smaller one.`,
	);
}

function authMissing(): Problem {
	return new Problem("missing_token", "Send an `auth` message within 10 seconds of connecting.");
}

function authTimedOut(): Problem {
	return new Problem("internal_error", "Your `auth` message could not be handled within 10 seconds. Try again later.");
}
