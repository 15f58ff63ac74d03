import type { Counts } from "./counts.ts";
import type { Headcount } from "./headcount.ts";
import type { PresenceBook } from "./presence.ts";
import type { RelayOutlet } from "./relay-outlet.ts";
import type { Subscriber } from "./subscriber.ts";

/** A relay, as a subscriber of the origin. */
export type RelaySubscriber = Subscriber<RelayOutlet>;

/** The open streams that this object holds, and the relays that follow it. */
export class Roster {
	readonly headcount: Headcount;
	readonly #counts: Counts;
	readonly #subscribers = new Map<string, Subscriber>();
	readonly #relays = new Set<Subscriber>();
	/** Those that asked for presence. */
	readonly #observers = new Set<Subscriber>();

	constructor(headcount: Headcount, counts: Counts) {
		this.headcount = headcount;
		this.#counts = counts;
	}

	/** Who is online on the channel. */
	get presence(): PresenceBook {
		return this.headcount.presence;
	}

	/** How many streams this object holds. */
	get size(): number {
		return this.#subscribers.size;
	}

	/** How many relays follow this object. */
	get relays(): number {
		return this.#relays.size;
	}

	get observers(): ReadonlySet<Subscriber> {
		return this.#observers;
	}

	find(connection: string): Subscriber | undefined {
		return this.#subscribers.get(connection);
	}

	/** Whether a stream is still open. */
	has(subscriber: Subscriber): boolean {
		return this.find(subscriber.connection) === subscriber || this.#relays.has(subscriber);
	}

	[Symbol.iterator](): MapIterator<Subscriber> {
		return this.#subscribers.values();
	}

	/** All who are told of events. Relays have a further way to go, so they are the first. */
	*everybody(): Generator<Subscriber> {
		yield* this.#relays;
		yield* this.#subscribers.values();
	}

	/** Adds a stream that has just opened. */
	add(subscriber: Subscriber): void {
		this.headcount.add(subscriber.subscription);
		this.#add(subscriber);
		this.#counts.opened(subscriber);
	}

	/** Adds a stream that was open before, after hibernation or a rejoin. */
	restore(subscriber: Subscriber): void {
		this.headcount.restore(subscriber.subscription);
		this.#add(subscriber);
		this.#counts.restored(subscriber);
	}

	/** Adds a relay, whose streams the origin counts as they are admitted. */
	addRelay(relay: Subscriber): void {
		this.#relays.add(relay);
	}

	/** Tells a subscriber of presence from now on. */
	addObserver(subscriber: Subscriber): void {
		this.#observers.add(subscriber);
	}

	/** @returns whether it was there. */
	remove(subscriber: Subscriber): boolean {
		if (!this.has(subscriber)) return false;
		this.#observers.delete(subscriber);
		if (this.#relays.delete(subscriber)) return true;
		this.#subscribers.delete(subscriber.connection);
		this.headcount.remove(subscriber.subscription);
		this.#counts.left(subscriber);
		return true;
	}

	#add(subscriber: Subscriber): void {
		this.#subscribers.set(subscriber.connection, subscriber);
		if (subscriber.subscription.presence) this.addObserver(subscriber);
	}
}
