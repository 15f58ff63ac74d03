import type { Logger } from "../logger.ts";
import type { ChannelRules } from "../wire/channel-rules.ts";
import type { CloseReason } from "../wire/control.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { ListedSubscriber } from "../wire/listed-subscriber.ts";
import { type CountedBy, countTogether, type DisconnectReason } from "../wire/subscription.ts";
import type { Counts } from "./counts.ts";
import { DrainingStreams } from "./draining-streams.ts";
import { FanOut } from "./fan-out.ts";
import type { Headcount } from "./headcount.ts";
import type { Hooks } from "./hooks.ts";
import { Lagging } from "./lagging.ts";
import type { Replay } from "./replay.ts";
import { Roster } from "./roster.ts";
import type { Subscriber } from "./subscriber.ts";
import { inTiles } from "./tiles.ts";

interface AudienceOptions {
	channel: string;
	heartbeatMilliseconds: number;
	maxBacklogBytes: number;
	/** What streams that ask for presence are told: who comes and goes, nothing, or how many are there. */
	presence: ChannelRules["presence"];
	logger: Logger;
	hooks: Hooks;
	counts: Counts;
	headcount: Headcount;
	replay: Replay;
	/** Called when the last stream has ended. */
	emptied(): void;
	/** Called when a stream is behind, so that `tend` has to run soon. */
	lagging(): void;
}

/** The open streams of a channel: who joins them, who leaves, and what they are told. */
export class Audience {
	readonly #options: AudienceOptions;
	readonly #roster: Roster;
	readonly #lagging: Lagging;
	readonly #fanOut: FanOut;
	readonly #drains = new DrainingStreams();

	constructor(options: AudienceOptions) {
		const { channel, counts, headcount, replay, maxBacklogBytes, presence, logger } = options;
		const roster = new Roster(headcount, counts);
		const lagging = new Lagging(replay, options.lagging);
		this.#options = options;
		this.#roster = roster;
		this.#lagging = lagging;
		this.#fanOut = new FanOut({
			channel,
			roster,
			lagging,
			counts,
			maxBacklogBytes,
			presence,
			logger,
			delivered: () => this.#tendLagging(Date.now()),
			rested: () => void this.#endDone(roster.everybody()),
		});
	}

	/** How many streams this object holds. */
	get size(): number {
		return this.#roster.size;
	}

	/** How many streams the channel has open, wherever they are held. */
	get streams(): number {
		return this.#roster.headcount.streams;
	}

	/** Whether no stream is open or draining, and no relay follows. */
	get isEmpty(): boolean {
		return this.size === 0 && this.#roster.relays === 0 && this.#drains.size === 0;
	}

	find(connection: string): Subscriber | undefined {
		return this.#roster.find(connection);
	}

	list(): ListedSubscriber[] {
		return Array.from(this.#roster, ({ connection, subscription: { user }, since }) => ({ connection, user, since }));
	}

	/** Resolves when publishers may go on. */
	async room(): Promise<void> {
		await this.#fanOut.room();
	}

	/** Delivers durable events to every stream, now or with those that follow closely. */
	deliver(events: readonly StoredEvent[]): void {
		this.#fanOut.push(events);
	}

	/** Adds a new subscriber. Sends presence to it and about it. */
	join(subscriber: Subscriber, now: number): void {
		this.#roster.add(subscriber);
		if (subscriber.subscription.presence) this.#fanOut.presence?.greet(subscriber, now);
		this.#options.hooks.connected(this.#options.channel, subscriber);
		this.#lagging.add(subscriber);
		this.#fanOut.start();
	}

	/** Adds a subscriber whose session has joined again: without hooks, and without telling that it has come. */
	rejoin(subscriber: Subscriber): void {
		this.restore(subscriber);
		this.#fanOut.presence?.rejoined();
	}

	/** Adds a subscriber whose stream was already open: without hooks, and without telling that it has come. */
	restore(subscriber: Subscriber): void {
		this.#roster.restore(subscriber);
		this.#lagging.add(subscriber);
	}

	/** Adds a relay, which tells its own streams. */
	async follow(relay: Subscriber): Promise<void> {
		this.#roster.addRelay(relay);
		this.#lagging.add(relay);
		await this.catchUp(relay);
	}

	/** Tells a relay of presence from now on, and who is online. */
	observe(relay: Subscriber, now: number): void {
		if (!this.#roster.has(relay)) return;
		this.#roster.addObserver(relay);
		this.#fanOut.presence?.greet(relay, now);
	}

	/** Tells of users who have come or gone at another object. */
	tellPresence(): void {
		this.#fanOut.presence?.changed();
	}

	/** Goes on with the streams that wait for a part of the log, or for its end. */
	async resume(): Promise<void> {
		await this.#tendLagging(Date.now());
	}

	/** Lets a stream that is behind catch up from the log, as far as it has room. */
	async catchUp(subscriber: Subscriber): Promise<void> {
		this.#options.replay.catchUp(subscriber, Date.now());
		await this.endIfDone(subscriber);
	}

	/** Sends a stream that is behind the next piece of the log, after what was written before has left. */
	async sendMore(subscriber: Subscriber): Promise<void> {
		if (!subscriber.isBehind) return;
		// Encoding a whole backlog at once would keep its first events waiting.
		await scheduler.wait(0);
		this.#options.replay.sendNext(subscriber, Date.now());
		await this.endIfDone(subscriber);
	}

	/**
	 * Ends a stream if the channel has ended, and it has got everything.
	 *
	 * @returns whether it is over.
	 */
	async endIfDone(subscriber: Subscriber): Promise<boolean> {
		if (this.#roster.has(subscriber)) await this.#endDone([subscriber]);
		return !this.#roster.has(subscriber);
	}

	/** Removes a subscriber without events or hooks, because its session has rejoined. */
	replace(subscriber: Subscriber): void {
		this.#forget(subscriber);
		subscriber.outlet.drop();
	}

	/** Removes a stream whose client disconnected. */
	leave(subscriber: Subscriber): void {
		this.#drains.delete(subscriber);
		const hasEnded = subscriber.outlivesEnd && !subscriber.isBehind;
		const reason = (hasEnded && this.#options.replay.ended) || "client_left";
		if (this.#forget(subscriber)) this.#gone(subscriber, reason);
		if (this.isEmpty) this.#options.emptied();
	}

	/**
	 * Ends all matching streams with a `closing` event. From the call on, they get no other event.
	 *
	 * @returns the number of streams that were ended.
	 */
	async endWhere(test: (subscriber: Subscriber) => boolean, reason: CloseReason): Promise<number> {
		const subscribers = [...this.#roster].filter(test);
		await this.#end(subscribers, reason);
		return subscribers.length;
	}

	/** Sends a heartbeat to the streams that count together with one, to detect dead connections. */
	probe(stream: CountedBy, now: number): void {
		for (const subscriber of this.#roster)
			if (countTogether(subscriber.subscription, stream)) this.#fanOut.tell(subscriber, { type: "heartbeat" }, now);
	}

	/**
	 * Periodic work: sends heartbeats and expiry warnings, ends expired and dead streams, lets lagging ones catch up,
	 * and cuts slow consumers.
	 */
	async tend(now: number): Promise<void> {
		const { heartbeatMilliseconds } = this.#options;
		await inTiles(this.#roster, (subscriber) => this.#keepAlive(subscriber, now));
		const lost = [...this.#roster].filter(({ outlet }) => outlet.lostAt(heartbeatMilliseconds) <= now);
		await this.#end(lost, "client_left");
		await this.endWhere(({ subscription }) => subscription.endsAt <= now, "token_expired");
		await this.#tendLagging(now);
		this.#drains.dropOverdue(Date.now());
		this.#options.counts.renew();
		this.#options.replay.expire(now);
	}

	/** When `tend` has to run next, in Unix milliseconds; `undefined` without streams. */
	nextDue(now: number): number | undefined {
		if (this.isEmpty) return undefined;
		let due = this.#drains.nextDue ?? Number.POSITIVE_INFINITY;
		for (const subscriber of this.#roster.everybody()) due = Math.min(due, this.dueOf(subscriber, now));
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

	/** @returns whether anything was sent. */
	#keepAlive(subscriber: Subscriber, now: number): boolean {
		const isWarned = subscriber.warn(now);
		const isSilent = subscriber.outlet.heartbeatDue(this.#silenceMilliseconds) <= now;
		if (isSilent) this.#fanOut.tell(subscriber, { type: "heartbeat" }, Date.now());
		return isWarned || isSilent;
	}

	/** Cuts slow consumers, and lets the other lagging streams catch up. */
	async #tendLagging(now: number): Promise<void> {
		await this.#end(this.#lagging.stalled(now), "slow_consumer");
		await this.#lagging.catchUp();
		await this.#endDone(this.#roster.everybody());
	}

	/**
	 * If the channel has ended, ends those that have got everything. Streams of several channels and relays are told only,
	 * once: they stay open.
	 */
	async #endDone(subscribers: Iterable<Subscriber>): Promise<void> {
		const { ended } = this.#options.replay;
		if (ended === undefined) return;
		const now = Date.now();
		const done = [...subscribers].filter((subscriber) => this.#lagging.isDone(subscriber, this.#fanOut.isIdle, now));
		for (const subscriber of done) if (subscriber.outlivesEnd) subscriber.tellEnd(ended, now);
		await this.#end(
			done.filter(({ outlivesEnd }) => !outlivesEnd),
			ended,
		);
	}

	/** Removes all of them first, so that nothing else is sent to any of them. */
	async #end(subscribers: readonly Subscriber[], reason: DisconnectReason): Promise<void> {
		for (const subscriber of subscribers) this.#forget(subscriber);
		await inTiles(subscribers, (subscriber) => {
			this.#close(subscriber, reason);
			if (reason === "slow_consumer" && !subscriber.isRelay) this.#options.counts.cut(subscriber);
			this.#gone(subscriber, reason);
			return true;
		});
		if (subscribers.length > 0 && this.isEmpty) this.#options.emptied();
	}

	/** Closes a stream. If much of it is unread, it drains for up to two heartbeats. */
	#close(subscriber: Subscriber, reason: DisconnectReason): void {
		const { outlet } = subscriber;
		const { mustDrain } = outlet;
		const now = Date.now();
		if (reason !== "client_left") subscriber.tell({ type: "closing", reason }, now);
		outlet.close();
		if (mustDrain) this.#drains.add(subscriber, now + 2 * this.#options.heartbeatMilliseconds);
	}

	#gone(subscriber: Subscriber, reason: DisconnectReason): void {
		if (subscriber.isRelay) return;
		this.#fanOut.start();
		this.#options.hooks.disconnected(this.#options.channel, subscriber, reason);
	}

	#forget(subscriber: Subscriber): boolean {
		this.#lagging.delete(subscriber);
		return this.#roster.remove(subscriber);
	}
}
