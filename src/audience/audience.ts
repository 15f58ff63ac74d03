import { ALIVE_HEARTBEATS } from "../wire/connection.ts";
import type { CloseReason } from "../wire/control.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { ListedSubscriber } from "../wire/listed-subscriber.ts";
import type { DisconnectReason } from "../wire/subscription.ts";
import { chunksOf } from "./chunks.ts";
import type { Counts } from "./counts.ts";
import { Drains } from "./drains.ts";
import type { Hooks } from "./hooks.ts";
import { Presence } from "./presence.ts";
import type { Replay } from "./replay.ts";
import type { Subscriber } from "./subscriber.ts";

interface AudienceOptions {
	channel: string;
	heartbeatMilliseconds: number;
	hooks: Hooks;
	counts: Counts;
	replay: Replay;
	/** The last stream has ended. */
	emptied(): void;
	/** A stream has fallen behind, and has to be looked after. */
	fellBehind(): void;
}

/** The open streams of a channel: who listens, and what each of them gets. */
export class Audience {
	readonly #options: AudienceOptions;
	readonly #subscribers = new Map<string, Subscriber>();
	readonly #presence = new Presence();
	/** Streams that read from the log again. */
	readonly #behind = new Set<Subscriber>();
	readonly #drains = new Drains();

	constructor(options: AudienceOptions) {
		this.#options = options;
	}

	get size(): number {
		return this.#subscribers.size;
	}

	/** Whether no stream is open, and none waits for its client to read the rest. */
	get isEmpty(): boolean {
		return this.#subscribers.size === 0 && this.#drains.size === 0;
	}

	/** How many streams a user has open. */
	streamsOf(user: string): number {
		return this.#presence.streamsOf(user);
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

	subscribers(): Iterable<Subscriber> {
		return this.#subscribers.values();
	}

	/** Adds a new subscriber, tells it who is online, and the others that it is. */
	join(subscriber: Subscriber, now: number): void {
		const { user, presence } = subscriber.subscription;
		const isNew = this.streamsOf(user) === 0;
		this.add(subscriber);
		this.#options.hooks.connected(this.#options.channel, subscriber);
		if (presence) {
			for (const other of this.#presence.users()) {
				if (other !== user) subscriber.tell({ type: "presence", user: other, state: "online" }, now);
			}
		}
		if (isNew) this.#tellPresence(user, "online", now);
	}

	/** Adds a subscriber whose stream was open before: the object has slept, or its session rejoins. */
	add(subscriber: Subscriber): void {
		this.#subscribers.set(subscriber.connection, subscriber);
		this.#presence.add(subscriber.subscription.user);
		if (subscriber.isBehind) this.#behind.add(subscriber);
		this.#options.counts.opened(subscriber);
	}

	/** Forgets a subscriber without a word: its session has joined again. */
	replace(subscriber: Subscriber): void {
		this.#forget(subscriber);
		subscriber.outlet.drop();
	}

	/** Forgets a stream whose client has left. */
	leave(subscriber: Subscriber, now: number): void {
		this.#drains.delete(subscriber);
		this.#remove(subscriber, "client_left", now);
	}

	/**
	 * Ends the streams that a test picks, telling their clients why.
	 *
	 * @returns how many they were.
	 */
	endWhere(test: (subscriber: Subscriber) => boolean, reason: CloseReason, now: number): number {
		const ended = [...this.#subscribers.values()].filter(test);
		this.#end(ended, reason, now);
		return ended.length;
	}

	/**
	 * Hands events to every live stream. One with a full backlog falls behind: it reads what follows from the log when it
	 * has room again.
	 */
	deliver(events: readonly StoredEvent[], now: number): void {
		const position = events.at(-1)?.offset;
		if (position === undefined) return;
		const { channel, counts } = this.#options;
		const chunkFor = chunksOf(events, channel, false);
		let delivered = 0;
		let metered = 0;
		for (const subscriber of this.#subscribers.values()) {
			// One that came since the events were stored has read them from the log; or the channel was wiped.
			if (subscriber.isBehind || subscriber.position >= position) continue;
			if (subscriber.isClogged) {
				this.#fallBehind(subscriber, now);
				continue;
			}
			const chunk = chunkFor(subscriber);
			subscriber.deliver(chunk, position, now);
			const count = chunk?.events ?? 0;
			delivered += count;
			if (subscriber.outlet.isMetered) metered += count;
		}
		counts.delivered(delivered, metered, false);
		this.#tendBehind(now);
	}

	/** Writes to a user's streams, which finds those whose clients have left. */
	beatUser(user: string, now: number): void {
		for (const subscriber of this.#subscribers.values())
			if (subscriber.subscription.user === user) this.#tellOrFallBehind(subscriber, now, { type: "beat" });
	}

	/** Ends what has to end, warns of credentials that end soon, and writes to those who have heard nothing for long. */
	tend(now: number): void {
		for (const subscriber of this.#subscribers.values()) {
			subscriber.warn(now);
			const isSilent = subscriber.outlet.beatDue(this.#silenceMilliseconds) <= now;
			if (isSilent) this.#tellOrFallBehind(subscriber, now, { type: "beat" });
		}
		this.#endLost(now);
		this.endWhere(({ subscription }) => subscription.endsAt <= now, "token_expired", now);
		this.#tendBehind(now);
		this.#drains.dropOverdue(now);
		this.#options.counts.renew();
	}

	/** When somebody next needs attention, in Unix milliseconds; `undefined` when nobody is here. */
	nextDue(now: number): number | undefined {
		if (this.isEmpty) return undefined;
		let due = this.#drains.nextDue ?? Number.POSITIVE_INFINITY;
		for (const subscriber of this.#subscribers.values()) due = Math.min(due, this.dueOf(subscriber, now));
		return due;
	}

	/** When a subscriber next needs attention, in Unix milliseconds. */
	dueOf(subscriber: Subscriber, now: number): number {
		// One that is behind does not say when it has room.
		return subscriber.isBehind ? now : subscriber.nextDue(this.#options.heartbeatMilliseconds);
	}

	/** Streams that fell silent a little later than the one that is due are beaten with it: fewer alarms. */
	get #silenceMilliseconds(): number {
		return this.#options.heartbeatMilliseconds * 0.8;
	}

	/** Clients that have left: they gave signs of life, and give none any more. Looked for at every heartbeat. */
	#endLost(now: number): void {
		const milliseconds = ALIVE_HEARTBEATS * this.#options.heartbeatMilliseconds;
		const lost = [...this.#subscribers.values()].filter(({ outlet }) => outlet.isLost(milliseconds, now));
		for (const subscriber of lost) {
			this.#close(subscriber, now);
			this.#remove(subscriber, "client_left", now);
		}
	}

	/** Lets streams that are behind read on, and cuts those whose clients do not read at all. */
	#tendBehind(now: number): void {
		const stalled: Subscriber[] = [];
		for (const subscriber of this.#behind) {
			if (subscriber.isStalled(now)) stalled.push(subscriber);
			else if (subscriber.hasRoom) this.#options.replay.catchUp(subscriber, now);
			if (!subscriber.isBehind) this.#behind.delete(subscriber);
		}
		this.#end(stalled, "slow_consumer", now);
	}

	#fallBehind(subscriber: Subscriber, now: number): void {
		subscriber.fallBehind(now);
		this.#behind.add(subscriber);
		this.#options.fellBehind();
	}

	/** A client that does not read is not told more and more. */
	#tellOrFallBehind(subscriber: Subscriber, now: number, message: Parameters<Subscriber["tell"]>[0]): void {
		if (!subscriber.isClogged) subscriber.tell(message, now);
		else if (!this.#behind.has(subscriber)) this.#fallBehind(subscriber, now);
	}

	/** Those who go together are not told of each other. */
	#end(subscribers: readonly Subscriber[], reason: CloseReason, now: number): void {
		for (const subscriber of subscribers) this.#forget(subscriber);
		for (const subscriber of subscribers) {
			this.#close(subscriber, now, reason);
			if (reason === "slow_consumer") this.#options.counts.cut(subscriber);
			this.#gone(subscriber, reason, now);
		}
		if (subscribers.length > 0 && this.isEmpty) this.#options.emptied();
	}

	/** What a slow client has not read stays for two heartbeats, should it read on. */
	#close(subscriber: Subscriber, now: number, reason?: CloseReason): void {
		const { outlet } = subscriber;
		const { isUnread } = outlet;
		if (reason !== undefined) subscriber.tell({ type: "closing", reason }, now);
		outlet.close();
		if (isUnread) this.#drains.add(subscriber, now + 2 * this.#options.heartbeatMilliseconds);
	}

	#remove(subscriber: Subscriber, reason: DisconnectReason, now: number): void {
		if (!this.#forget(subscriber)) return;
		this.#gone(subscriber, reason, now);
		if (this.isEmpty) this.#options.emptied();
	}

	#gone(subscriber: Subscriber, reason: DisconnectReason, now: number): void {
		const { user } = subscriber.subscription;
		if (this.streamsOf(user) === 0) this.#tellPresence(user, "offline", now);
		this.#options.hooks.disconnected(this.#options.channel, subscriber, reason);
	}

	#forget(subscriber: Subscriber): boolean {
		if (this.find(subscriber.connection) !== subscriber) return false;
		this.#subscribers.delete(subscriber.connection);
		this.#behind.delete(subscriber);
		this.#presence.remove(subscriber.subscription.user);
		this.#options.counts.left(subscriber);
		return true;
	}

	/** Tells everybody who asked for it, but the user. */
	#tellPresence(user: string, state: "online" | "offline", now: number): void {
		for (const subscriber of this.#subscribers.values()) {
			const { subscription } = subscriber;
			if (!subscription.presence || subscription.user === user) continue;
			this.#tellOrFallBehind(subscriber, now, { type: "presence", user, state });
		}
	}
}
