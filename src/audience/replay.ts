import { Problem } from "../errors.ts";
import type { Log } from "../log/log.ts";
import { findStart, trimmedAfter } from "../log/resume.ts";
import type { EndReason } from "../wire/control.ts";
import { wants } from "../wire/filter.ts";
import type { LogGap, Start, Subscription } from "../wire/subscription.ts";
import type { Counts } from "./counts.ts";
import type { Outlet } from "./outlet.ts";
import { type Piece, Pieces } from "./pieces.ts";
import type { Subscriber } from "./subscriber.ts";

/** Starts subscribers, and replays what they missed. */
export class Replay {
	readonly #channel: string;
	readonly #log: Log;
	readonly #counts: Counts;
	readonly #pieces: Pieces;

	constructor(channel: string, log: Log, counts: Counts) {
		this.#channel = channel;
		this.#log = log;
		this.#counts = counts;
		this.#pieces = new Pieces(channel, log);
	}

	/**
	 * Creates a subscriber at its start and sends the first piece of its replay. The rest follows as the client reads.
	 *
	 * @param make creates the subscriber. `isLong`: the replay has more than one piece.
	 * @throws Problem `gap` if events are missing and the subscriber could not be told.
	 */
	start<Kind extends Outlet>(
		subscription: Subscription,
		now: number,
		make: (start: Start, isLong: boolean) => Subscriber<Kind>,
	): { subscriber: Subscriber<Kind>; start: Start } {
		const start = this.#findStart(subscription, now);
		if (start.gap && subscription.gaps === "refused") throw gapRefused(this.#channel, start.gap);
		const piece = this.#pieces.after(start.position, now);
		const subscriber = make(start, piece.position < this.#log.head);
		subscriber.outlet.open(start, subscription, now);
		this.#send(subscriber, piece, now);
		subscriber.warn(now);
		return { subscriber, start };
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

	#trimmedFor({ position }: Subscriber, now: number): ReturnType<typeof trimmedAfter> {
		const { born, head } = this.#log;
		return trimmedAfter(position, { born, head, oldest: this.#log.oldest(now) });
	}

	/** How the channel has ended; `undefined` while events may come. */
	get ended(): EndReason | undefined {
		return this.#log.ended;
	}

	/**
	 * Whether nothing is left for a stream that starts so: the channel has ended, and the cursor is at its end. A plain
	 * stream need not have the cursor, since it is not told: no event must be left for it.
	 */
	isAtEnd(subscription: Subscription, now: number): boolean {
		if (this.ended === undefined) return false;
		const { resumed, position, gap } = this.#findStart(subscription, now);
		if (resumed && position >= this.#log.head) return true;
		if (gap || !isPlain(subscription)) return false;
		return !this.#log.read(position, now).some((event) => wants(subscription, event));
	}

	/** Whether a live subscriber has got everything. If so, it is at the head: until the first event, it may be at 0. */
	hasAll(subscriber: Subscriber, now: number): boolean {
		const { head, start } = this.#log;
		if (subscriber.isBehind) return false;
		if (subscriber.position < head && head === start) subscriber.deliver(undefined, head, now);
		return subscriber.position >= head;
	}

	#findStart(request: Subscription, now: number): Start {
		const log = this.#log;
		const { born, head } = log;
		const firstSince = (time: number) => log.firstSince(time, now);
		return findStart(request, { born, head, oldest: log.oldest(now), firstSince });
	}

	#send(subscriber: Subscriber, { after, position, chunkFor }: Piece, now: number): void {
		const chunk = position > after ? chunkFor(subscriber) : undefined;
		subscriber.replay(chunk, position, position >= this.#log.head, now);
		const events = chunk?.events ?? 0;
		this.#counts.delivered(events, subscriber.outlet.isMetered ? events : 0, true);
	}
}

/** A plain stream is not told of gaps, nor of anything else but events. */
function isPlain({ gaps }: Subscription): boolean {
	return gaps !== undefined;
}

function gapRefused(channel: string, { after, oldest, reason }: LogGap): Problem {
	const missing =
		reason === "trimmed"
			? `The channel ${channel} has forgotten events after your cursor ${after}.`
			: `Your cursor is not one of the channel ${channel}.`;
	const help =
		oldest === null
			? "The channel remembers no events: start live, without a cursor or with `gap=ignore`."
			: `The oldest event that the channel remembers is ${oldest}: start there, with \`rewind=all\` and no cursor, or with \`gap=ignore\`.`;
	return new Problem("gap", `${missing} ${help}`);
}
