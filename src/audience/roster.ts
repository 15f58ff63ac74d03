import type { CountedBy } from "../wire/subscription.ts";
import type { Counts } from "./counts.ts";
import { Presence } from "./presence.ts";
import type { Subscriber } from "./subscriber.ts";

/** The open streams of a channel. */
export class Roster {
	readonly presence = new Presence();
	readonly #counts: Counts;
	readonly #subscribers = new Map<string, Subscriber>();
	/** How many streams clients without credentials have open, by where they come from. */
	readonly #anonymous = new Map<string, number>();
	/** Those that asked for presence. */
	readonly #observers = new Set<Subscriber>();

	constructor(counts: Counts) {
		this.#counts = counts;
	}

	get size(): number {
		return this.#subscribers.size;
	}

	get observers(): ReadonlySet<Subscriber> {
		return this.#observers;
	}

	find(connection: string): Subscriber | undefined {
		return this.#subscribers.get(connection);
	}

	/** How many streams are open that count together with one. */
	countWith({ user, anonymousFrom }: CountedBy): number {
		if (anonymousFrom === undefined) return this.presence.streamsOf(user);
		return this.#anonymous.get(anonymousFrom) ?? 0;
	}

	/** Whether a stream is still open. */
	has(subscriber: Subscriber): boolean {
		return this.find(subscriber.connection) === subscriber;
	}

	[Symbol.iterator](): MapIterator<Subscriber> {
		return this.#subscribers.values();
	}

	/** Adds a stream that has just opened. */
	add(subscriber: Subscriber): void {
		this.presence.add(subscriber.subscription.user);
		this.#add(subscriber);
		this.#counts.opened(subscriber);
	}

	/** Adds a stream that was open before, after hibernation or a rejoin. */
	restore(subscriber: Subscriber): void {
		this.presence.restore(subscriber.subscription.user);
		this.#add(subscriber);
		this.#counts.restored(subscriber);
	}

	/** @returns whether it was there. */
	remove(subscriber: Subscriber): boolean {
		if (!this.has(subscriber)) return false;
		this.#subscribers.delete(subscriber.connection);
		this.#observers.delete(subscriber);
		this.presence.remove(subscriber.subscription.user);
		this.#countAnonymous(subscriber, -1);
		this.#counts.left(subscriber);
		return true;
	}

	#add(subscriber: Subscriber): void {
		this.#subscribers.set(subscriber.connection, subscriber);
		if (subscriber.subscription.presence) this.#observers.add(subscriber);
		this.#countAnonymous(subscriber, 1);
	}

	#countAnonymous({ subscription: { anonymousFrom } }: Subscriber, change: number): void {
		if (anonymousFrom === undefined) return;
		const count = (this.#anonymous.get(anonymousFrom) ?? 0) + change;
		if (count > 0) this.#anonymous.set(anonymousFrom, count);
		else this.#anonymous.delete(anonymousFrom);
	}
}
