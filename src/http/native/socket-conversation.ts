import type { Lease } from "../../auth/user.ts";
import { Problem } from "../../errors.ts";
import { ClientSocket } from "../../session/client-socket.ts";
import { Session } from "../../session/session.ts";
import { CLOSE_CODES } from "../../wire/close-codes.ts";
import { errorMessage, PONG } from "../../wire/dialect/message.ts";
import type { RequestScope } from "../context.ts";
import { prepareRenewal, prepareSubscription } from "../subscribing.ts";
import { type Auth, messageText, parseMessage } from "./ws-messages.ts";

const ANSWER_MILLISECONDS = 10_000;
/** The most messages that may wait while one is handled. */
const MAX_WAITING = 32;
/** The most messages in a period. Each ping has a reply, and replies pile up for a client that does not read. */
const MAX_MESSAGES = 1000;
const PERIOD_MILLISECONDS = 10_000;
/** A client that has sent a ping must send something within this many heartbeats. */
const PING_HEARTBEATS = 2;
/** How much a client may send after the close of its WebSocket, which it may not have received yet. */
const MAX_DROPPED_CHARACTERS = 4_194_304;

/** The conversation with one client over a WebSocket: it authenticates, subscribes, renews and pings. */
export class SocketConversation {
	readonly #scope: RequestScope;
	readonly #request: Request;
	readonly #socket: WebSocket;
	readonly #cutOff: () => void;
	/** Messages are handled one at a time, so that a second `auth` cannot overtake the first. */
	#work: Promise<void> = Promise.resolve();
	#waiting = 0;
	#messages = 0;
	#periodEndsAt = 0;
	#droppedCharacters = 0;
	#session: Session | undefined;
	#deadline: number | null = null;
	#isAuthenticating = false;
	#pings = false;

	/** @param cutOff aborts the request that opened the WebSocket, which cuts the connection. */
	constructor(scope: RequestScope, request: Request, socket: WebSocket, cutOff: () => void) {
		this.#scope = scope;
		this.#request = request;
		this.#socket = socket;
		this.#cutOff = cutOff;
	}

	listen(): void {
		this.#setDeadline();
		this.#socket.binaryType = "arraybuffer";
		this.#socket.addEventListener("message", ({ data }) => this.#receive(data));
		this.#socket.addEventListener("close", () => this.#leave());
		this.#socket.addEventListener("error", () => this.#leave());
	}

	get #isOpen(): boolean {
		return this.#socket.readyState === WebSocket.OPEN;
	}

	/** Checks the limits before a message is queued, because the queue is held in memory. */
	#receive(data: string | ArrayBuffer): void {
		if (!this.#isOpen) {
			this.#drop(data);
			return;
		}
		try {
			const text = messageText(data);
			this.#count();
			this.#heard();
			this.#waiting += 1;
			this.#work = this.#work.then(() => this.#handle(text));
		} catch (error) {
			this.#fail(Problem.of(error));
		}
	}

	/** Any message of a client that pings is a sign of life. */
	#heard(): void {
		if (this.#pings) this.#session?.alive(PING_HEARTBEATS);
	}

	#count(): void {
		const now = Date.now();
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

	/** After a close, the runtime reads on until the client closes as well. A client that never does is cut off. */
	#drop(data: string | ArrayBuffer): void {
		this.#droppedCharacters += typeof data === "string" ? data.length : data.byteLength;
		if (this.#droppedCharacters > MAX_DROPPED_CHARACTERS) this.#cutOff();
	}

	async #handle(text: string): Promise<void> {
		this.#waiting -= 1;
		if (!this.#isOpen) return;
		try {
			const message = parseMessage(text);
			if (message.type === "ping") this.#pong();
			else await this.#authenticate(message);
		} catch (error) {
			this.#fail(Problem.of(error));
		}
	}

	#pong(): void {
		this.#pings = true;
		this.#heard();
		this.#socket.send(PONG);
	}

	/** The deadline runs until `connected` is sent, because a hook may take long. */
	async #authenticate(auth: Auth): Promise<void> {
		this.#setDeadline();
		this.#isAuthenticating = true;
		const lease = await this.#scope.authority.leaseForMessage(auth, this.#request, auth.cursor !== undefined);
		if (this.#session) await this.#renew(this.#session, lease);
		else await this.#subscribe(auth, lease);
		this.#isAuthenticating = false;
		this.#clearDeadline();
		this.#heard();
	}

	async #subscribe(auth: Auth, lease: Lease): Promise<void> {
		const { channels, inbox, types, presence, cursor, rewind, since } = auth;
		const request = { channels, inbox, types, presence, dialect: "message", cursor, rewind, since } as const;
		const options = await prepareSubscription(this.#scope, lease, request);
		if (!this.#isOpen) return;
		this.#session = new Session(options, new ClientSocket(this.#socket));
		const refusal = await this.#session.start();
		if (refusal) throw await Problem.fromResponse(refusal);
	}

	async #renew(session: Session, lease: Lease): Promise<void> {
		const { user } = lease;
		if (user.sub !== session.user) {
			throw new Problem("insufficient_scope", "This connection was opened by another user. Open a new one.");
		}
		const renewal = await prepareRenewal(this.#scope.env, lease);
		for (const channel of session.channels) await this.#scope.authority.allowSubscribe(user, channel);
		session.renew(renewal);
	}

	#setDeadline(): void {
		this.#deadline ??= setTimeout(
			() => this.#fail(this.#isAuthenticating ? authTimedOut() : authMissing()),
			ANSWER_MILLISECONDS,
		);
	}

	#clearDeadline(): void {
		clearTimeout(this.#deadline);
		this.#deadline = null;
	}

	#fail(problem: Problem): void {
		if (!this.#isOpen) return;
		const { code, detail, status } = problem;
		this.#scope.logger.outcome("A WebSocket was closed with an error.", status, problem);
		this.#socket.send(errorMessage(code, detail));
		this.#socket.close(closeCode(status), code);
		this.#leave();
	}

	#leave(): void {
		this.#clearDeadline();
		this.#session?.leave();
	}
}

function authMissing(): Problem {
	return new Problem("missing_token", "Send an `auth` message within 10 seconds of connecting.");
}

function authTimedOut(): Problem {
	return new Problem("internal_error", "Your `auth` message could not be handled within 10 seconds. Try again later.");
}

function closeCode(status: number): number {
	if (status === 401) return CLOSE_CODES.unauthenticated;
	if (status === 403) return CLOSE_CODES.forbidden;
	return status === 429 || status >= 500 ? CLOSE_CODES.tryAgainLater : CLOSE_CODES.badRequest;
}
