import type { Audience } from "../audience/audience.ts";
import type { ClientOutlet } from "../audience/client-outlet.ts";
import type { Subscriber } from "../audience/subscriber.ts";
import { Conversation } from "../conversation.ts";
import { Logger } from "../logger.ts";
import { type Auth, parseMessage } from "../wire/client-message.ts";
import type { Renewal, Subscription } from "../wire/subscription.ts";
import type { Clients } from "./clients.ts";
import type { SocketHandler } from "./sockets.ts";
import type { Subscribing } from "./subscribing.ts";

/** An open stream whose client has sent new credentials. */
export interface RenewedStream extends Pick<Subscription, "user" | "channels"> {
	/** The URL of the request that opened it, without its query. */
	url: string;
}

/**
 * Verifies new credentials for an open stream. A channel does not look at tokens and tickets by itself.
 *
 * @throws Problem if they are refused.
 */
export type VerifyRenewal = (auth: Auth, stream: RenewedStream, logger: Logger) => Promise<Renewal>;

interface ClientSocketsOptions {
	channel: string;
	audience: Audience;
	clients: Clients;
	subscribing: Subscribing;
	verify: VerifyRenewal;
}

/** The WebSockets of clients that end in this object. */
export class ClientSockets implements SocketHandler {
	readonly #options: ClientSocketsOptions;
	/** Of the clients that have sent something since the object woke. */
	readonly #conversations = new Map<WebSocket, Conversation>();

	constructor(options: ClientSocketsOptions) {
		this.#options = options;
	}

	/** Handles a message. What comes after the stream has ended is dropped. */
	async message(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
		const subscriber = this.#options.clients.of(socket);
		if (!subscriber?.outlet.isOpen) return;
		const conversation = this.#conversations.get(socket) ?? this.#converse(subscriber);
		this.#conversations.set(socket, conversation);
		await conversation.receive(message);
	}

	/** The client disconnected. */
	closed(socket: WebSocket, code: number): void {
		const { audience, clients } = this.#options;
		this.#conversations.get(socket)?.stop();
		this.#conversations.delete(socket);
		const subscriber = clients.remove(socket, (asleep) => audience.restore(asleep));
		if (!subscriber) return;
		subscriber.outlet.left(code);
		audience.leave(subscriber);
	}

	#converse(subscriber: Subscriber<ClientOutlet>): Conversation {
		const { outlet } = subscriber;
		const { channel, audience } = this.#options;
		const logger = new Logger({ request: outlet.opening.request, channel });
		const conversation = new Conversation({
			isOpen: () => outlet.isOpen,
			heard: () => outlet.heard(Date.now()),
			handle: async (text) => {
				const message = parseMessage(text);
				if (message.type === "ping") outlet.pong(Date.now());
				else await conversation.authenticate(() => this.#renew(subscriber, message, logger));
			},
			fail: (problem) => {
				if (!outlet.isOpen) return;
				logger.outcome("A WebSocket was closed with an error.", problem.status, problem);
				outlet.fail(problem);
				conversation.stop();
				audience.leave(subscriber);
			},
		});
		return conversation;
	}

	async #renew(subscriber: Subscriber<ClientOutlet>, auth: Auth, logger: Logger): Promise<void> {
		const { subscribing, verify } = this.#options;
		const { outlet, subscription } = subscriber;
		const { user, channels } = subscription;
		const renewal = await verify(auth, { user, channels, url: outlet.opening.url }, logger);
		if (!outlet.isOpen) return;
		const isGood = await subscribing.renewOrEnd(subscriber, renewal);
		if (isGood) outlet.renewed(subscriber.subscription, subscriber.position, Date.now());
	}
}
