import type { Offset } from "../wire/offset.ts";
import type { Subscription } from "../wire/subscription.ts";
import { attachmentOf } from "./attachment.ts";
import type { Outlet } from "./outlet.ts";
import { Subscriber } from "./subscriber.ts";

/** The subscribers behind the object's WebSockets of one kind. These WebSockets survive hibernation. */
export class HibernatingSubscribers<Kind extends Outlet, Details> {
	readonly #ctx: DurableObjectState;
	readonly #tag: string;
	readonly #outletOf: (socket: WebSocket, details: Details) => Kind;
	readonly #bySocket = new Map<WebSocket, Subscriber<Kind>>();

	/**
	 * @param tag the tag of their WebSockets.
	 * @param outletOf creates the outlet of a WebSocket. `details`: what the outlet has attached to it.
	 */
	constructor(ctx: DurableObjectState, tag: string, outletOf: (socket: WebSocket, details: Details) => Kind) {
		this.#ctx = ctx;
		this.#tag = tag;
		this.#outletOf = outletOf;
	}

	/** Restores the subscribers after hibernation. Live ones are at `head`. */
	restore(head: Offset, now: number): Iterable<Subscriber> {
		for (const socket of this.#ctx.getWebSockets(this.#tag)) this.#restore(socket, head, now);
		return this.#bySocket.values();
	}

	get size(): number {
		return this.#bySocket.size;
	}

	/** Accepts a WebSocket as hibernatable, and creates its subscriber. */
	accept(
		socket: WebSocket,
		subscription: Subscription,
		position: Offset,
		now: number,
		details: Details,
	): Subscriber<Kind> {
		this.#ctx.acceptWebSocket(socket, [this.#tag]);
		return this.#add(socket, subscription, position, now, details);
	}

	of(socket: WebSocket): Subscriber<Kind> | undefined {
		return this.#bySocket.get(socket);
	}

	/**
	 * Removes a closed WebSocket and returns its subscriber.
	 *
	 * @param woken called with it first, if its end has woken the object: the runtime no longer lists the WebSocket then,
	 * so that it was not restored with the others.
	 */
	remove(socket: WebSocket, woken: (subscriber: Subscriber) => void): Subscriber<Kind> | undefined {
		const subscriber = this.#bySocket.get(socket) ?? this.#wake(socket, woken);
		this.#bySocket.delete(socket);
		return subscriber;
	}

	#wake(socket: WebSocket, woken: (subscriber: Subscriber) => void): Subscriber<Kind> | undefined {
		if (attachmentOf(socket).tag !== this.#tag) return undefined;
		const subscriber = this.#restore(socket, 0, Date.now());
		if (subscriber) woken(subscriber);
		return subscriber;
	}

	/** Restores a subscriber, unless its stream has ended. */
	#restore(socket: WebSocket, head: Offset, now: number): Subscriber<Kind> | undefined {
		const { subscriber: persisted, details } = attachmentOf<Details>(socket);
		if (!persisted) return undefined;
		const { subscription, since, behindAt } = persisted;
		const subscriber = this.#add(socket, subscription, behindAt ?? head, since, details as Details);
		if (behindAt !== undefined) subscriber.fallBehind(now);
		return subscriber;
	}

	#add(
		socket: WebSocket,
		subscription: Subscription,
		position: Offset,
		since: number,
		details: Details,
	): Subscriber<Kind> {
		const subscriber = new Subscriber(subscription, position, since, this.#outletOf(socket, details));
		this.#bySocket.set(socket, subscriber);
		return subscriber;
	}
}
