import type { StoredEvent } from "../sse/event.ts";
import { chunksOf } from "./chunks.ts";
import type { Observers } from "./observers.ts";
import type { CloseReason, DisconnectReason, Stream } from "./stream.ts";

/** How many streams may be closed whose clients have not read the end yet; past it, the oldest is dropped. */
const MAX_DRAINING = 100;

/** An open stream, as administrators see it. `since` is in unix milliseconds. */
export interface ListedSubscriber {
	connection: string;
	user: string;
	since: number;
}

/** What an audience needs of the channel around it. */
export interface AudienceHandlers {
	/** The last stream has gone. */
	emptied(): void;
	/** Sends a stream that is behind what it has missed, as far as it has room. */
	catchUp(stream: Stream, now: number): void;
}

/** The open streams of a channel: who is there, and what each of them gets. */
export class Audience {
	readonly #channel: string;
	readonly #heartbeatMilliseconds: number;
	readonly #observers: Observers;
	readonly #emptied: AudienceHandlers["emptied"];
	readonly #catchUp: AudienceHandlers["catchUp"];
	readonly #streams = new Map<string, Stream>();
	readonly #connections = new Map<string, number>();
	/** Streams that have fallen behind, and read from the log again. */
	readonly #fallen = new Set<Stream>();
	/** Streams that were cut with much unread, and until when their clients may read it. */
	readonly #draining = new Map<Stream, number>();

	constructor(channel: string, heartbeatSeconds: number, observers: Observers, handlers: AudienceHandlers) {
		this.#channel = channel;
		this.#heartbeatMilliseconds = heartbeatSeconds * 1000;
		this.#observers = observers;
		this.#emptied = handlers.emptied;
		this.#catchUp = handlers.catchUp;
	}

	/** Whether a stream has fallen behind, and has to be looked after. */
	get hasFallen(): boolean {
		return this.#fallen.size > 0;
	}

	get size(): number {
		return this.#streams.size;
	}

	/** Whether nobody is here, and nobody is still reading the end of a stream. */
	get isEmpty(): boolean {
		return this.#streams.size === 0 && this.#draining.size === 0;
	}

	/** How many streams a user has open. */
	connectionsOf(user: string): number {
		return this.#connections.get(user) ?? 0;
	}

	find(connection: string): Stream | undefined {
		return this.#streams.get(connection);
	}

	list(): ListedSubscriber[] {
		return Array.from(this.#streams.values(), ({ connection, subscription: { user }, since }) => ({
			connection,
			user,
			since,
		}));
	}

	/** How much each stream has not sent yet. */
	*unsentBytes(): Generator<number> {
		for (const stream of this.#streams.values()) yield stream.unsentBytes;
	}

	join(stream: Stream): void {
		const { user } = stream.subscription;
		this.#streams.set(stream.connection, stream);
		this.#connections.set(user, this.connectionsOf(user) + 1);
		this.#observers.connected(this.#channel, stream);
	}

	/** Forgets a stream whose client has gone. */
	leave(stream: Stream): void {
		this.#draining.delete(stream);
		this.#remove(stream, "client_left");
	}

	/** Ends the streams that a test picks, telling their clients why; answers how many. */
	endWhere(test: (stream: Stream) => boolean, reason: CloseReason, now: number): number {
		const ended = [...this.#streams.values()].filter(test);
		for (const stream of ended) this.#end(stream, reason, now);
		return ended.length;
	}

	/**
	 * Hands events to every stream that has caught up. One that has left too much unread falls behind: what follows is
	 * read from the log when it has room again.
	 */
	deliver(events: readonly StoredEvent[], now: number): void {
		const position = events.at(-1)?.offset;
		if (position === undefined) return;
		const chunkFor = chunksOf(events, this.#channel);
		for (const stream of this.#streams.values()) {
			// Ahead of the events: the channel was wiped while they were on their way to disk.
			if (stream.isBehind || stream.position >= position) continue;
			if (stream.isClogged) this.#fallBehind(stream, now);
			else stream.deliver(chunkFor(stream), position, now);
		}
		this.#lookAfterFallen(now);
	}

	/** Writes to a user's streams: those whose clients have left are found by it. */
	beatUser(user: string, now: number): void {
		for (const stream of this.#streams.values()) if (stream.subscription.user === user) this.#beat(stream, now);
	}

	/** Ends what has to end, warns whom it concerns, and writes to those who have heard nothing for long. */
	tend(now: number): void {
		for (const stream of this.#streams.values()) {
			stream.warn(now);
			if (stream.subscription.endsAt <= now) this.#end(stream, "token_expired", now);
			else if (stream.isSilent(now, this.#silenceMilliseconds)) this.#beat(stream, now);
		}
		this.#lookAfterFallen(now);
		for (const [stream, until] of this.#draining) if (until <= now) this.#drop(stream);
	}

	/** When somebody next needs attention, in unix milliseconds, 0 for soon; `undefined` when nobody is here. */
	nextDue(): number | undefined {
		if (this.isEmpty) return undefined;
		let due = Number.POSITIVE_INFINITY;
		for (const stream of this.#streams.values()) due = Math.min(due, stream.nextDue(this.#heartbeatMilliseconds));
		for (const until of this.#draining.values()) due = Math.min(due, until);
		// Streams that have fallen behind do not say when they have room.
		return this.#fallen.size > 0 ? 0 : due;
	}

	/** Streams that fell silent a little later than the one that is due are beaten with it: fewer alarms. */
	get #silenceMilliseconds(): number {
		return this.#heartbeatMilliseconds * 0.8;
	}

	#beat(stream: Stream, now: number): void {
		if (!stream.isClogged) stream.beat(now);
		else if (!this.#fallen.has(stream)) this.#fallBehind(stream, now);
	}

	#fallBehind(stream: Stream, now: number): void {
		stream.fallBehind(now);
		this.#fallen.add(stream);
	}

	/** Lets streams that have fallen behind read on, and cuts those whose clients do not read at all. */
	#lookAfterFallen(now: number): void {
		for (const stream of this.#fallen) {
			if (stream.isStalled(now)) this.#end(stream, "slow_consumer", now);
			else if (stream.hasRoom) this.#catchUp(stream, now);
			if (!stream.isBehind) this.#fallen.delete(stream);
		}
	}

	#end(stream: Stream, reason: CloseReason, now: number): void {
		const isClogged = stream.isClogged;
		stream.close(reason, now);
		if (isClogged) this.#drain(stream, now);
		this.#remove(stream, reason);
	}

	/** What a slow client has not read stays for two heartbeats, should it read on, and then goes. */
	#drain(stream: Stream, now: number): void {
		this.#draining.set(stream, now + 2 * this.#heartbeatMilliseconds);
		const [oldest] = this.#draining.keys();
		if (oldest && this.#draining.size > MAX_DRAINING) this.#drop(oldest);
	}

	#drop(stream: Stream): void {
		this.#draining.delete(stream);
		stream.drop();
	}

	#remove(stream: Stream, reason: DisconnectReason): void {
		if (!this.#streams.delete(stream.connection)) return;
		this.#fallen.delete(stream);
		const { user } = stream.subscription;
		const left = this.connectionsOf(user) - 1;
		if (left > 0) this.#connections.set(user, left);
		else this.#connections.delete(user);
		this.#observers.disconnected(this.#channel, stream, reason);
		if (this.isEmpty) this.#emptied();
	}
}
