import type { Offset } from "../wire/offset.ts";
import type { Subscription } from "../wire/subscription.ts";
import { SessionOutlet } from "./session-outlet.ts";
import { Subscriber } from "./subscriber.ts";

/** The tag of their WebSockets. */
const TAG = "session";
/** The runtime's limit of hibernatable WebSockets for an object. */
const MAX_SOCKETS = 32_768;

/** The subscribers behind sessions. Their WebSockets survive hibernation. */
export class Sessions {
	readonly #ctx: DurableObjectState;
	readonly #bySocket = new Map<WebSocket, Subscriber<SessionOutlet>>();

	constructor(ctx: DurableObjectState) {
		this.#ctx = ctx;
	}

	/** Restores the subscribers after hibernation. Live ones are at `head`. */
	restore(head: Offset, now: number): Iterable<Subscriber> {
		for (const socket of this.#ctx.getWebSockets(TAG)) {
			const persisted = SessionOutlet.persisted(socket);
			if (!persisted) continue;
			const { subscription, since, behindAt } = persisted;
			const subscriber = this.#add(socket, subscription, behindAt ?? head, since);
			if (behindAt !== undefined) subscriber.fallBehind(now);
		}
		return this.#bySocket.values();
	}

	get size(): number {
		return this.#bySocket.size;
	}

	/** Whether the runtime allows no further WebSocket. */
	get isFull(): boolean {
		return this.size >= MAX_SOCKETS;
	}

	/** Accepts a session's WebSocket as hibernatable, and creates its subscriber. */
	accept(socket: WebSocket, subscription: Subscription, position: Offset, now: number): Subscriber<SessionOutlet> {
		this.#ctx.acceptWebSocket(socket, [TAG]);
		return this.#add(socket, subscription, position, now);
	}

	of(socket: WebSocket): Subscriber<SessionOutlet> | undefined {
		return this.#bySocket.get(socket);
	}

	/** Removes a closed WebSocket and returns its subscriber. */
	remove(socket: WebSocket): Subscriber | undefined {
		const subscriber = this.#bySocket.get(socket);
		this.#bySocket.delete(socket);
		return subscriber;
	}

	#add(socket: WebSocket, subscription: Subscription, position: Offset, since: number): Subscriber<SessionOutlet> {
		const subscriber = new Subscriber(subscription, position, since, new SessionOutlet(socket));
		this.#bySocket.set(socket, subscriber);
		return subscriber;
	}
}
