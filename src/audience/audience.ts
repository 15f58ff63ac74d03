import { ALIVE_HEARTBEATS } from "../wire/connection.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { ListedSubscriber } from "../wire/listed-subscriber.ts";
import type { CloseReason, DisconnectReason } from "../wire/subscription.ts";
import { chunksOf } from "./chunks.ts";
import type { Counts } from "./counts.ts";
import type { Observers } from "./hooks.ts";
import type { Presence, Subscriber } from "./subscriber.ts";

/** How many streams may be closed whose clients have not read the end yet; past it, the oldest is dropped. */
const MAX_DRAINING = 100;

/** What an audience needs of the channel around it. */
export interface AudienceHandlers {
	/** The last stream has gone. */
	emptied(): void;
	/** Sends a stream that is behind what it has missed, as far as it has room. */
	catchUp(subscriber: Subscriber, now: number): void;
}

/** The open streams of a channel: who is there, and what each of them gets. */
export class Audience {
	readonly #channel: string;
	readonly #heartbeatMilliseconds: number;
	readonly #observers: Observers;
	readonly #counts: Counts;
	readonly #emptied: AudienceHandlers["emptied"];
	readonly #catchUp: AudienceHandlers["catchUp"];
	readonly #subscribers = new Map<string, Subscriber>();
	readonly #connections = new Map<string, number>();
	/** Streams that have fallen behind, and read from the log again. */
	readonly #fallen = new Set<Subscriber>();
	/** Streams that were cut with much unread, and until when their clients may read it. */
	readonly #draining = new Map<Subscriber, number>();

	constructor(
		channel: string,
		heartbeatSeconds: number,
		observers: Observers,
		counts: Counts,
		handlers: AudienceHandlers,
	) {
		this.#channel = channel;
		this.#heartbeatMilliseconds = heartbeatSeconds * 1000;
		this.#observers = observers;
		this.#counts = counts;
		this.#emptied = handlers.emptied;
		this.#catchUp = handlers.catchUp;
	}

	/** Whether a stream has fallen behind, and has to be looked after. */
	get hasFallen(): boolean {
		return this.#fallen.size > 0;
	}

	get size(): number {
		return this.#subscribers.size;
	}

	/** Whether nobody is here, and nobody is still reading the end of a stream. */
	get isEmpty(): boolean {
		return this.#subscribers.size === 0 && this.#draining.size === 0;
	}

	/** How many streams a user has open. */
	connectionsOf(user: string): number {
		return this.#connections.get(user) ?? 0;
	}

	find(connection: string): Subscriber | undefined {
		return this.#subscribers.get(connection);
	}

	list(): ListedSubscriber[] {
		return Array.from(this.#subscribers.values(), ({ connection, subscription: { user }, since }) => ({
			connection,
			user,
			since,
		}));
	}

	/** Everybody who is here. */
	subscribers(): Iterable<Subscriber> {
		return this.#subscribers.values();
	}

	/** Takes in a new subscriber, tells it who is here, and the others that it is. */
	join(subscriber: Subscriber, now: number): void {
		const { user, presence } = subscriber.subscription;
		const isNew = this.connectionsOf(user) === 0;
		this.add(subscriber);
		this.#observers.connected(this.#channel, subscriber);
		if (presence) {
			for (const other of this.#connections.keys()) {
				if (other !== user) subscriber.tell({ user: other, state: "online" }, now);
			}
		}
		if (isNew) this.#tell({ user, state: "online" }, now);
	}

	/** Takes in a subscriber that was here before, when the object slept or died. */
	add(subscriber: Subscriber): void {
		const { user } = subscriber.subscription;
		this.#subscribers.set(subscriber.connection, subscriber);
		this.#connections.set(user, this.connectionsOf(user) + 1);
		if (subscriber.isBehind) this.#fallen.add(subscriber);
		this.#counts.opened(subscriber);
	}

	/** Forgets a subscriber without a word: it has come back by another way. */
	replace(subscriber: Subscriber): void {
		this.#forget(subscriber);
		subscriber.drop();
	}

	/** Forgets a stream whose client has gone. */
	leave(subscriber: Subscriber, now: number): void {
		this.#draining.delete(subscriber);
		this.#remove(subscriber, "client_left", now);
	}

	/** Ends the streams that a test picks, telling their clients why; answers how many. */
	endWhere(test: (subscriber: Subscriber) => boolean, reason: CloseReason, now: number): number {
		const ended = [...this.#subscribers.values()].filter(test);
		this.#end(ended, reason, now);
		return ended.length;
	}

	/**
	 * Hands events to every stream that has caught up. One that has left too much unread falls behind: what follows is
	 * read from the log when it has room again.
	 */
	deliver(events: readonly StoredEvent[], now: number): void {
		const position = events.at(-1)?.offset;
		if (position === undefined) return;
		const chunkFor = chunksOf(events, this.#channel, false);
		let held = 0;
		let relayed = 0;
		for (const subscriber of this.#subscribers.values()) {
			// Ahead of the events: it has read them from the log, or the channel was wiped meanwhile.
			if (subscriber.isBehind || subscriber.position >= position) continue;
			if (subscriber.isClogged) {
				this.#fallBehind(subscriber, now);
				continue;
			}
			const chunk = chunkFor(subscriber);
			subscriber.deliver(chunk, position, now);
			if (subscriber.isRelayed) relayed += chunk?.events ?? 0;
			else held += chunk?.events ?? 0;
		}
		this.#counts.delivered(held, relayed, false);
		this.#lookAfterFallen(now);
	}

	/** Writes to a user's streams: those whose clients have left are found by it. */
	beatUser(user: string, now: number): void {
		for (const subscriber of this.#subscribers.values())
			if (subscriber.subscription.user === user) this.#beat(subscriber, now);
	}

	/** Ends what has to end, warns whom it concerns, and writes to those who have heard nothing for long. */
	tend(now: number): void {
		for (const subscriber of this.#subscribers.values()) {
			subscriber.warn(now);
			if (subscriber.isSilent(now, this.#silenceMilliseconds)) this.#beat(subscriber, now);
		}
		this.#endLost(now);
		this.endWhere(({ subscription }) => subscription.endsAt <= now, "token_expired", now);
		this.#lookAfterFallen(now);
		for (const [subscriber, until] of this.#draining) if (until <= now) this.#drop(subscriber);
		this.#counts.renew();
	}

	/** Looked for whenever the audience is tended: at every heartbeat, without an alarm of its own. */
	#endLost(now: number): void {
		const milliseconds = ALIVE_HEARTBEATS * this.#heartbeatMilliseconds;
		for (const subscriber of [...this.#subscribers.values()].filter((each) => each.isLost(now, milliseconds))) {
			const { hasLeftovers } = subscriber;
			subscriber.end();
			if (hasLeftovers) this.#drain(subscriber, now);
			this.#remove(subscriber, "client_left", now);
		}
	}

	/** When somebody next needs attention, in unix milliseconds, 0 for soon; `undefined` when nobody is here. */
	nextDue(): number | undefined {
		if (this.isEmpty) return undefined;
		let due = Number.POSITIVE_INFINITY;
		for (const subscriber of this.#subscribers.values()) due = Math.min(due, this.dueOf(subscriber));
		for (const until of this.#draining.values()) due = Math.min(due, until);
		return due;
	}

	/** When a subscriber needs attention, in unix milliseconds, 0 for soon. */
	dueOf(subscriber: Subscriber): number {
		// One that has fallen behind does not say when it has room.
		return this.#fallen.has(subscriber) ? 0 : subscriber.nextDue(this.#heartbeatMilliseconds);
	}

	/** Streams that fell silent a little later than the one that is due are beaten with it: fewer alarms. */
	get #silenceMilliseconds(): number {
		return this.#heartbeatMilliseconds * 0.8;
	}

	#beat(subscriber: Subscriber, now: number): void {
		if (!subscriber.isClogged) subscriber.beat(now);
		else if (!this.#fallen.has(subscriber)) this.#fallBehind(subscriber, now);
	}

	#fallBehind(subscriber: Subscriber, now: number): void {
		subscriber.fallBehind(now);
		this.#fallen.add(subscriber);
	}

	/** Lets streams that have fallen behind read on, and cuts those whose clients do not read at all. */
	#lookAfterFallen(now: number): void {
		const stalled: Subscriber[] = [];
		for (const subscriber of this.#fallen) {
			if (subscriber.isStalled(now)) stalled.push(subscriber);
			else if (subscriber.hasRoom) this.#catchUp(subscriber, now);
			if (!subscriber.isBehind) this.#fallen.delete(subscriber);
		}
		this.#end(stalled, "slow_consumer", now);
	}

	/** Those who go together are not told of each other. */
	#end(subscribers: readonly Subscriber[], reason: CloseReason, now: number): void {
		for (const subscriber of subscribers) this.#forget(subscriber);
		for (const subscriber of subscribers) {
			const { hasLeftovers } = subscriber;
			subscriber.close(reason, now);
			if (hasLeftovers) this.#drain(subscriber, now);
			if (reason === "slow_consumer") this.#counts.cut(subscriber);
			this.#gone(subscriber, reason, now);
		}
		if (subscribers.length > 0 && this.isEmpty) this.#emptied();
	}

	/** What a slow client has not read stays for two heartbeats, should it read on, and then goes. */
	#drain(subscriber: Subscriber, now: number): void {
		this.#draining.set(subscriber, now + 2 * this.#heartbeatMilliseconds);
		const [oldest] = this.#draining.keys();
		if (oldest && this.#draining.size > MAX_DRAINING) this.#drop(oldest);
	}

	#drop(subscriber: Subscriber): void {
		this.#draining.delete(subscriber);
		subscriber.drop();
	}

	#remove(subscriber: Subscriber, reason: DisconnectReason, now: number): void {
		if (!this.#forget(subscriber)) return;
		this.#gone(subscriber, reason, now);
		if (this.isEmpty) this.#emptied();
	}

	#gone(subscriber: Subscriber, reason: DisconnectReason, now: number): void {
		const { user } = subscriber.subscription;
		if (this.connectionsOf(user) === 0) this.#tell({ user, state: "offline" }, now);
		this.#observers.disconnected(this.#channel, subscriber, reason);
	}

	#forget(subscriber: Subscriber): boolean {
		if (this.find(subscriber.connection) !== subscriber) return false;
		this.#subscribers.delete(subscriber.connection);
		this.#fallen.delete(subscriber);
		const { user } = subscriber.subscription;
		const left = this.connectionsOf(user) - 1;
		if (left > 0) this.#connections.set(user, left);
		else this.#connections.delete(user);
		this.#counts.left(subscriber);
		return true;
	}

	/** Everybody who asked for it learns who has come or gone; nobody learns it of themselves. */
	#tell(presence: Presence, now: number): void {
		for (const subscriber of this.#subscribers.values()) {
			const { user, presence: isTold } = subscriber.subscription;
			if (!isTold || user === presence.user) continue;
			// One that does not read is not told more and more.
			if (!subscriber.isClogged) subscriber.tell(presence, now);
			else if (!this.#fallen.has(subscriber)) this.#fallBehind(subscriber, now);
		}
	}
}
