import type { Logger } from "../logger.ts";
import type { DisconnectReason } from "../wire/subscription.ts";
import type { Subscriber } from "./subscriber.ts";

/** A user who has a stream of a channel open. */
export interface ConnectedSubscriber {
	/** The id of the stream, as in its `connected` event. */
	connection: string;
	user: string;
	claims: Record<string, unknown>;
	channel: string;
	/** When the stream was opened, in Unix milliseconds. */
	since: number;
}

/** Hooks that observe. What they throw is logged, and changes nothing. */
export interface ObserverHooks {
	/** Called when a stream has opened. */
	onConnect?(subscriber: ConnectedSubscriber): void | Promise<void>;
	/** Called when a stream has ended. Not called when the object that holds it dies, since its clients reconnect. */
	onDisconnect?(subscriber: ConnectedSubscriber, reason: DisconnectReason): void | Promise<void>;
}

/** Calls the hooks. One that throws does not disturb the channel. */
export class Hooks {
	readonly #hooks: ObserverHooks;
	readonly #logger: Logger;

	constructor(hooks: ObserverHooks, logger: Logger) {
		this.#hooks = hooks;
		this.#logger = logger;
	}

	connected(channel: string, subscriber: Subscriber): void {
		void this.#watch(() => this.#hooks.onConnect?.(describe(channel, subscriber)));
	}

	disconnected(channel: string, subscriber: Subscriber, reason: DisconnectReason): void {
		void this.#watch(() => this.#hooks.onDisconnect?.(describe(channel, subscriber), reason));
	}

	async #watch(call: () => void | Promise<void>): Promise<void> {
		try {
			await call();
		} catch (error) {
			this.#logger.failure("An observer hook threw; the stream goes on.", error);
		}
	}
}

function describe(channel: string, { connection, subscription, since }: Subscriber): ConnectedSubscriber {
	return { connection, user: subscription.user, claims: structuredClone(subscription.claims), channel, since };
}
