import type { StoredEvent } from "../sse/event.ts";
import type { ControlEvents } from "../sse/frame.ts";
import { chunksOf } from "./chunks.ts";
import type { Observers } from "./observers.ts";
import type { Stream } from "./stream.ts";

/** The open streams of a channel: who is there, and what each of them gets. */
export class Audience {
	readonly #channel: string;
	readonly #heartbeatMilliseconds: number;
	readonly #observers: Observers;
	readonly #streams = new Set<Stream>();
	readonly #connections = new Map<string, number>();

	constructor(channel: string, heartbeatSeconds: number, observers: Observers) {
		this.#channel = channel;
		this.#heartbeatMilliseconds = heartbeatSeconds * 1000;
		this.#observers = observers;
	}

	get size(): number {
		return this.#streams.size;
	}

	/** How many streams a user has open. */
	connectionsOf(user: string): number {
		return this.#connections.get(user) ?? 0;
	}

	join(stream: Stream): void {
		const { user } = stream.subscription;
		this.#streams.add(stream);
		this.#connections.set(user, this.connectionsOf(user) + 1);
		this.#observers.connected(this.#channel, stream);
	}

	/** Forgets a stream whose client has gone. */
	leave(stream: Stream): void {
		this.#remove(stream, "client_left");
	}

	/** Ends a stream, telling its client why. */
	end(stream: Stream, reason: ControlEvents["closing"]["reason"], now: number): void {
		if (this.#remove(stream, reason)) stream.close(reason, now);
	}

	/** Hands events to every stream that has caught up. A stream that leaves too much unread is cut. */
	deliver(events: readonly StoredEvent[], now: number): void {
		const position = events.at(-1)?.offset;
		if (position === undefined) return;
		const chunkFor = chunksOf(events, this.#channel);
		for (const stream of this.#streams) {
			if (stream.isBehind) continue;
			if (stream.isClogged) this.end(stream, "slow_consumer", now);
			else stream.deliver(chunkFor(stream), position, now);
		}
	}

	/** Ends what has to end, warns whom it concerns, and writes to those who have heard nothing for long. */
	tend(now: number): void {
		for (const stream of this.#streams) {
			stream.warn(now);
			if (stream.subscription.endsAt <= now) this.end(stream, "token_expired", now);
			else if (stream.isSilent(now, this.#silenceMilliseconds)) this.#beat(stream, now);
		}
	}

	/** When a stream next needs attention, in unix milliseconds; `undefined` when nobody is here. */
	nextDue(): number | undefined {
		let due: number | undefined;
		for (const stream of this.#streams)
			due = Math.min(due ?? Number.POSITIVE_INFINITY, stream.nextDue(this.#heartbeatMilliseconds));
		return due;
	}

	/** Streams that fell silent a little later than the one that is due are beaten with it: fewer alarms. */
	get #silenceMilliseconds(): number {
		return this.#heartbeatMilliseconds * 0.8;
	}

	#beat(stream: Stream, now: number): void {
		if (stream.isClogged) this.end(stream, "slow_consumer", now);
		else stream.beat(now);
	}

	#remove(stream: Stream, reason: Parameters<Observers["disconnected"]>[2]): boolean {
		if (!this.#streams.delete(stream)) return false;
		const { user } = stream.subscription;
		const left = this.connectionsOf(user) - 1;
		if (left > 0) this.#connections.set(user, left);
		else this.#connections.delete(user);
		this.#observers.disconnected(this.#channel, stream, reason);
		return true;
	}
}
