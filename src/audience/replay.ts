import type { ReadableLog } from "../log/readable-log.ts";
import { trimmedAfter } from "../log/resume.ts";
import type { EndReason } from "../wire/control.ts";
import type { Start, Subscription } from "../wire/subscription.ts";
import type { Counts } from "./counts.ts";
import type { Outlet } from "./outlet.ts";
import { type Piece, Pieces } from "./pieces.ts";
import type { Subscriber } from "./subscriber.ts";

/** Starts subscribers, and replays what they missed. */
export class Replay {
	readonly #log: ReadableLog;
	readonly #counts: Counts;
	readonly #pieces: Pieces;

	constructor(channel: string, log: ReadableLog, counts: Counts) {
		this.#log = log;
		this.#counts = counts;
		this.#pieces = new Pieces(channel, log);
	}

	/**
	 * Creates a subscriber at its start and sends the first piece of its replay. The rest follows as the client reads. At a
	 * relay, events may have been trimmed since the origin has found the start: then the gap is told like that of a slow client.
	 *
	 * @param make creates the subscriber. `isLong`: the replay has more than one piece.
	 */
	start<Kind extends Outlet>(
		subscription: Subscription,
		start: Start,
		now: number,
		make: (isLong: boolean) => Subscriber<Kind>,
	): Subscriber<Kind> {
		const isThere = !this.#trimmedFor(start, now) && this.#log.has(start.position);
		const piece = isThere ? this.#pieces.after(start.position, now) : undefined;
		const subscriber = make(piece === undefined || piece.position < this.#log.head);
		subscriber.outlet.open(start, subscription, now);
		if (piece) this.#send(subscriber, piece, now);
		else subscriber.fallBehind(now);
		subscriber.warn(now);
		return subscriber;
	}

	/** Replays to a lagging subscriber until its backlog is full, until it is live again, or until it `hasLost` events. */
	catchUp(subscriber: Subscriber, now: number): void {
		while (this.sendNext(subscriber, now));
	}

	/** Sends a lagging subscriber the next piece. Returns `false` if it was sent nothing, for the reasons above. */
	sendNext(subscriber: Subscriber, now: number): boolean {
		if (!subscriber.isBehind || subscriber.isBacklogFull) return false;
		const trimmed = this.#trimmedFor(subscriber, now);
		if (trimmed && subscriber.subscription.gaps === "refused") return false;
		if (trimmed) subscriber.skip(trimmed.gap, trimmed.position, now);
		if (!this.#log.has(subscriber.position)) {
			subscriber.waitForLog(now);
			return false;
		}
		this.#send(subscriber, this.#pieces.after(subscriber.position, now), now);
		return true;
	}

	/** Frees the memory of what was read, unless it was used a short time ago. */
	expire(now: number): void {
		this.#pieces.expire(now);
	}

	/** Whether a lagging subscriber has missed events and cannot be told, so that its stream has to end. */
	hasLost(subscriber: Subscriber, now: number): boolean {
		return subscriber.subscription.gaps === "refused" && this.#trimmedFor(subscriber, now) !== undefined;
	}

	#trimmedFor({ position }: Pick<Subscriber, "position">, now: number): ReturnType<typeof trimmedAfter> {
		const { born, head } = this.#log;
		return trimmedAfter(position, { born, head, oldest: this.#log.oldest(now) });
	}

	/** How the channel has ended; `undefined` while events may come. */
	get ended(): EndReason | undefined {
		return this.#log.ended;
	}

	/** Whether a live subscriber has got everything. If so, it is at the head: until the first event, it may be at 0. */
	hasAll(subscriber: Subscriber, now: number): boolean {
		const { head, start } = this.#log;
		if (subscriber.isBehind) return false;
		if (subscriber.position < head && head === start) subscriber.deliver(undefined, head, now);
		return subscriber.position >= head;
	}

	#send(subscriber: Subscriber, { after, position, chunkFor }: Piece, now: number): void {
		const chunk = position > after ? chunkFor(subscriber) : undefined;
		subscriber.replay(chunk, position, position >= this.#log.head, now);
		const events = chunk?.events ?? 0;
		this.#counts.delivered(events, subscriber.outlet.isMetered ? events : 0, true);
	}
}
