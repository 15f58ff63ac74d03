import type { CloseReason } from "../wire/control.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { ChannelMessage } from "../wire/link.ts";
import type { ListedSubscriber } from "../wire/listed-subscriber.ts";
import type { DisconnectReason } from "../wire/subscription.ts";
import { chunksOf } from "./chunks.ts";
import type { Counts } from "./counts.ts";
import { DrainingStreams } from "./draining-streams.ts";
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
	/** Called when the last stream has ended. */
	emptied(): void;
	/** Called when a stream is behind, so that `tend` has to run soon. */
	lagging(): void;
}

/** The open streams of a channel, and the fan-out to them. */
export class Audience {
	readonly #options: AudienceOptions;
	readonly #subscribers = new Map<string, Subscriber>();
	readonly #presence = new Presence();
	/** Streams that are catching up from the log. */
	readonly #behind = new Set<Subscriber>();
	readonly #drains = new DrainingStreams();

	constructor(options: AudienceOptions) {
		this.#options = options;
	}

	get size(): number {
		return this.#subscribers.size;
	}

	/** Whether no stream is open or draining. */
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

	/** Adds a new subscriber. Sends presence to it and about it. */
	join(subscriber: Subscriber, now: number): void {
		const { user, presence } = subscriber.subscription;
		const isNew = this.streamsOf(user) === 0;
		this.#enter(subscriber);
		this.#options.counts.opened(subscriber);
		this.#options.hooks.connected(this.#options.channel, subscriber);
		if (presence) {
			for (const other of this.#presence.users()) {
				if (other !== user) subscriber.tell({ type: "presence", user: other, state: "online" }, now);
			}
		}
		if (isNew) this.#tellPresence(user, "online", now);
	}

	/** Adds a subscriber whose stream was already open, after hibernation or a rejoin: without hooks and presence. */
	add(subscriber: Subscriber): void {
		this.#enter(subscriber);
		this.#options.counts.restored(subscriber);
	}

	#enter(subscriber: Subscriber): void {
		this.#subscribers.set(subscriber.connection, subscriber);
		this.#presence.add(subscriber.subscription.user);
		if (subscriber.isBehind) this.#behind.add(subscriber);
	}

	/** Removes a subscriber without events or hooks, because its session has rejoined. */
	replace(subscriber: Subscriber): void {
		this.#forget(subscriber);
		subscriber.outlet.drop();
	}

	/** Removes a stream whose client disconnected. */
	leave(subscriber: Subscriber, now: number): void {
		this.#drains.delete(subscriber);
		this.#remove(subscriber, "client_left", now);
	}

	/**
	 * Ends all matching streams with a `closing` event.
	 *
	 * @returns the number of streams that were ended.
	 */
	endWhere(test: (subscriber: Subscriber) => boolean, reason: CloseReason, now: number): number {
		const ended = [...this.#subscribers.values()].filter(test);
		this.#end(ended, reason, now);
		return ended.length;
	}

	/** Fans events out to every live stream. A stream with a full backlog falls behind, and catches up from the log. */
	deliver(events: readonly StoredEvent[], now: number): void {
		const position = events.at(-1)?.offset;
		if (position === undefined) return;
		const { channel, counts } = this.#options;
		const chunkFor = chunksOf(events, channel, false);
		let delivered = 0;
		let metered = 0;
		for (const subscriber of this.#subscribers.values()) {
			// Skip a subscriber that got these events by replay, or whose channel was wiped since.
			if (subscriber.isBehind || subscriber.position >= position) continue;
			if (subscriber.isBacklogFull) {
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
		if (this.#behind.size > 0) this.#options.lagging();
	}

	/** Sends a heartbeat to a user's streams, to detect dead connections. */
	probeUser(user: string, now: number): void {
		for (const subscriber of this.#subscribers.values())
			if (subscriber.subscription.user === user) this.#tellOrFallBehind(subscriber, now, { type: "heartbeat" });
	}

	/**
	 * Periodic work: sends heartbeats and expiry warnings, ends expired and dead streams, lets lagging ones catch up,
	 * and cuts slow consumers.
	 */
	tend(now: number): void {
		for (const subscriber of this.#subscribers.values()) {
			subscriber.warn(now);
			const isSilent = subscriber.outlet.heartbeatDue(this.#silenceMilliseconds) <= now;
			if (isSilent) this.#tellOrFallBehind(subscriber, now, { type: "heartbeat" });
		}
		this.#endLost(now);
		this.endWhere(({ subscription }) => subscription.endsAt <= now, "token_expired", now);
		this.#tendBehind(now);
		this.#drains.dropOverdue(now);
		this.#options.counts.renew();
	}

	/** When `tend` has to run next, in Unix milliseconds; `undefined` without streams. */
	nextDue(now: number): number | undefined {
		if (this.isEmpty) return undefined;
		let due = this.#drains.nextDue ?? Number.POSITIVE_INFINITY;
		for (const subscriber of this.#subscribers.values()) due = Math.min(due, this.dueOf(subscriber, now));
		return due;
	}

	/** When a subscriber next needs `tend`, in Unix milliseconds. */
	dueOf(subscriber: Subscriber, now: number): number {
		// A lagging stream does not signal that it has room, so it is polled.
		return subscriber.isBehind ? now : subscriber.nextDue(this.#options.heartbeatMilliseconds);
	}

	/** Heartbeats may be 20 % early, so that one alarm serves many streams. */
	get #silenceMilliseconds(): number {
		return this.#options.heartbeatMilliseconds * 0.8;
	}

	/** Ends the streams of clients whose signs of life have stopped. */
	#endLost(now: number): void {
		const { heartbeatMilliseconds } = this.#options;
		const lost = [...this.#subscribers.values()].filter(({ outlet }) => outlet.lostAt(heartbeatMilliseconds) <= now);
		for (const subscriber of lost) {
			this.#close(subscriber, now);
			this.#remove(subscriber, "client_left", now);
		}
	}

	/** Lets lagging streams catch up, and cuts slow consumers. */
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
		this.#options.lagging();
	}

	/**
	 * Sends a message, unless the backlog is full: then the message is dropped, and the stream falls behind. Presence
	 * and heartbeats are sent at most once.
	 */
	#tellOrFallBehind(subscriber: Subscriber, now: number, message: ChannelMessage): void {
		if (!subscriber.isBacklogFull) subscriber.tell(message, now);
		else if (!this.#behind.has(subscriber)) this.#fallBehind(subscriber, now);
	}

	/** Removes all of them first, so that none gets the others' `offline` events. */
	#end(subscribers: readonly Subscriber[], reason: CloseReason, now: number): void {
		for (const subscriber of subscribers) this.#forget(subscriber);
		for (const subscriber of subscribers) {
			this.#close(subscriber, now, reason);
			if (reason === "slow_consumer") this.#options.counts.cut(subscriber);
			this.#gone(subscriber, reason, now);
		}
		if (subscribers.length > 0 && this.isEmpty) this.#options.emptied();
	}

	/** Closes a stream. If much of it is unread, it drains for up to two heartbeats. */
	#close(subscriber: Subscriber, now: number, reason?: CloseReason): void {
		const { outlet } = subscriber;
		const { mustDrain } = outlet;
		if (reason !== undefined) subscriber.tell({ type: "closing", reason }, now);
		outlet.close();
		if (mustDrain) this.#drains.add(subscriber, now + 2 * this.#options.heartbeatMilliseconds);
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

	/** Sends presence to every subscriber that asked for it, except the user's own. */
	#tellPresence(user: string, state: "online" | "offline", now: number): void {
		for (const subscriber of this.#subscribers.values()) {
			const { subscription } = subscriber;
			if (!subscription.presence || subscription.user === user) continue;
			this.#tellOrFallBehind(subscriber, now, { type: "presence", user, state });
		}
	}
}
