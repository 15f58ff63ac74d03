import { SEND_IN_MESSAGE } from "../../auth/credentials.ts";
import type { Lease } from "../../auth/user.ts";
import { Conversation } from "../../conversation.ts";
import { Problem } from "../../errors.ts";
import { ClientSocket } from "../../session/client-socket.ts";
import { Session } from "../../session/session.ts";
import type { SessionOptions } from "../../session/session-options.ts";
import { type Auth, parseMessage } from "../../wire/client-message.ts";
import { closeCodeOfError } from "../../wire/close-codes.ts";
import { PING_HEARTBEATS } from "../../wire/connection.ts";
import { errorMessage, PONG } from "../../wire/dialect/message.ts";
import { anonymousLease } from "../anonymous.ts";
import type { RequestScope } from "../context.ts";
import { renewalOf } from "../renewing.ts";
import { prepareSubscription } from "../subscribing.ts";
import { hasCredentials } from "./ws-query.ts";

/** How much a client may send after the close of its WebSocket, which it may not have received yet. */
const MAX_DROPPED_CHARACTERS = 4_194_304;

/** The conversation with one client over a WebSocket that the Worker holds: it authenticates, subscribes, renews and pings. */
export class SocketConversation {
	readonly #scope: RequestScope;
	readonly #request: Request;
	readonly #socket: WebSocket;
	readonly #cutOff: () => void;
	readonly #conversation: Conversation;
	#droppedCharacters = 0;
	#session: Session | undefined;
	#pings = false;

	/** @param cutOff aborts the request that opened the WebSocket, which cuts the connection. */
	constructor(scope: RequestScope, request: Request, socket: WebSocket, cutOff: () => void) {
		this.#scope = scope;
		this.#request = request;
		this.#socket = socket;
		this.#cutOff = cutOff;
		this.#conversation = new Conversation({
			isOpen: () => this.#isOpen,
			heard: () => this.#heard(),
			handle: (text) => this.#handle(text),
			fail: (problem) => this.#fail(problem),
		});
	}

	listen(): void {
		this.#socket.binaryType = "arraybuffer";
		this.#socket.addEventListener("message", ({ data }) => {
			if (this.#isOpen) void this.#conversation.receive(data);
			else this.#drop(data);
		});
		this.#socket.addEventListener("close", () => this.#leave());
		this.#socket.addEventListener("error", () => this.#leave());
	}

	/** From now on, the client has 10 seconds to send an `auth`. */
	expectAuth(): void {
		this.#conversation.expectAuth();
	}

	/**
	 * Opens the stream, for a client that is authenticated already.
	 *
	 * @throws Problem if a channel refuses.
	 */
	async open(options: SessionOptions): Promise<void> {
		this.#session = new Session(options, new ClientSocket(this.#socket));
		const refusal = await this.#session.start();
		if (refusal) throw await Problem.fromResponse(refusal);
	}

	get #isOpen(): boolean {
		return this.#socket.readyState === WebSocket.OPEN;
	}

	/** Any message of a client that pings is a sign of life. */
	#heard(): void {
		if (this.#pings) this.#session?.alive(PING_HEARTBEATS);
	}

	/** After a close, the runtime reads on until the client closes as well. A client that never does is cut off. */
	#drop(data: string | ArrayBuffer): void {
		this.#droppedCharacters += typeof data === "string" ? data.length : data.byteLength;
		if (this.#droppedCharacters > MAX_DROPPED_CHARACTERS) this.#cutOff();
	}

	async #handle(text: string): Promise<void> {
		const message = parseMessage(text);
		if (message.type === "ping") return this.#pong();
		await this.#conversation.authenticate(async () => {
			if (this.#session) await this.#renew(this.#session, message);
			else await this.#subscribe(message);
		});
	}

	#pong(): void {
		this.#pings = true;
		this.#heard();
		this.#socket.send(PONG);
	}

	async #subscribe(auth: Auth): Promise<void> {
		const { channels, inbox, types, presence, cursor, rewind, since } = auth;
		const lease =
			(await this.#scope.authority.leaseForMessage(auth, this.#request, cursor !== undefined)) ??
			(await this.#anonymousLease({ channels, inbox }));
		const request = { channels, inbox, types, presence, dialect: "message", cursor, rewind, since } as const;
		const options = await prepareSubscription(this.#scope, lease, request);
		if (this.#isOpen) await this.open(options);
	}

	/** A client whose request had credentials does not mean to be without any. */
	async #anonymousLease(wanted: Pick<Auth, "channels" | "inbox">): Promise<Lease> {
		if (!hasCredentials(this.#request)) {
			return await anonymousLease(this.#scope, this.#request, wanted, SEND_IN_MESSAGE);
		}
		const problem = "The credentials of the request were not read, since it names no channel.";
		throw new Problem("missing_token", `${problem} ${SEND_IN_MESSAGE}`);
	}

	async #renew(session: Session, auth: Auth): Promise<void> {
		session.renew(await renewalOf(this.#scope, auth, this.#request, session));
	}

	#fail(problem: Problem): void {
		if (!this.#isOpen) return;
		const { code, detail, status } = problem;
		this.#scope.logger.outcome("A WebSocket was closed with an error.", status, problem);
		this.#socket.send(errorMessage(code, detail));
		this.#socket.close(closeCodeOfError(status), code);
		this.#leave();
	}

	#leave(): void {
		this.#conversation.stop();
		this.#session?.leave();
	}
}
