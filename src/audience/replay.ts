import type { Log } from "../log/log.ts";
import { findStart } from "../log/resume.ts";
import { formatCursor } from "../wire/cursor.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { Offset } from "../wire/offset.ts";
import type { Start, Subscription } from "../wire/subscription.ts";
import type { Chunk } from "./chunk.ts";
import { chunksOf } from "./chunks.ts";
import type { Counts } from "./counts.ts";
import type { Outlet } from "./outlet.ts";
import type { Subscriber } from "./subscriber.ts";

/** How much of a long replay is sent at once, in characters of data; the rest follows as the client reads. */
const PIECE_CHARACTERS = 65_536;

/** A part of the log. */
interface Piece {
	/** It starts after this position. */
	after: Offset;
	/** Where the log ended when it was read. */
	head: Offset;
	/** Where it ends; `after` when there is nothing in it. */
	position: Offset;
	chunkFor(subscriber: Subscriber): Chunk | undefined;
}

/** Starts subscribers where they ask to, and sends them what they have missed. */
export class Replay {
	readonly #channel: string;
	readonly #log: Log;
	readonly #counts: Counts;
	/** The piece that was read last: streams that a deploy has cut off together come back together, from the same place. */
	#piece: Piece | undefined;

	constructor(channel: string, log: Log, counts: Counts) {
		this.#channel = channel;
		this.#log = log;
		this.#counts = counts;
	}

	/**
	 * Finds where a subscriber starts, makes it, and sends it what it has missed. The rest of a long replay follows as the
	 * client reads.
	 *
	 * @param make makes the subscriber; it is told whether its replay is a long one.
	 */
	start<Kind extends Outlet>(
		subscription: Subscription,
		now: number,
		make: (start: Start, isLong: boolean) => Subscriber<Kind>,
	): { subscriber: Subscriber<Kind>; start: Start } {
		const log = this.#log;
		const { born, head } = log;
		const firstSince = (time: number) => log.firstSince(time, now);
		const start = findStart(subscription, { born, head, oldest: log.oldest(now), firstSince });
		const piece = this.#read(start.position, now);
		const subscriber = make(start, piece.position < head);
		subscriber.outlet.open(start, subscription, now);
		this.#send(subscriber, piece, now);
		subscriber.warn(now);
		return { subscriber, start };
	}

	/** Sends a subscriber what it has missed, as far as it has room. When that is all, it is live again. */
	catchUp(subscriber: Subscriber, now: number): void {
		while (subscriber.isBehind && !subscriber.isClogged) {
			const { born, head } = this.#log;
			const oldest = this.#log.oldest(now) ?? head + 1;
			// One that came before the first event is at 0: the beginning.
			if (Math.max(subscriber.position, born) + 1 < oldest) {
				const after = formatCursor(subscriber.position);
				subscriber.skip({ after, oldest: formatCursor(oldest), reason: "trimmed" }, oldest - 1, now);
			}
			this.#send(subscriber, this.#read(subscriber.position, now), now);
		}
	}

	#send(subscriber: Subscriber, { after, head, position, chunkFor }: Piece, now: number): void {
		const chunk = position > after ? chunkFor(subscriber) : undefined;
		subscriber.replay(chunk, position, position >= head, now);
		const events = chunk?.events ?? 0;
		this.#counts.delivered(events, subscriber.outlet.isMetered ? events : 0, true);
	}

	#read(after: Offset, now: number): Piece {
		const { head } = this.#log;
		if (this.#piece?.after !== after || this.#piece.head !== head) this.#piece = this.#readPiece(after, head, now);
		return this.#piece;
	}

	#readPiece(after: Offset, head: Offset, now: number): Piece {
		const events: StoredEvent[] = [];
		let characters = 0;
		for (const event of this.#log.read(after, now)) {
			events.push(event);
			characters += event.data.length;
			if (characters >= PIECE_CHARACTERS) break;
		}
		return { after, head, position: events.at(-1)?.offset ?? head, chunkFor: chunksOf(events, this.#channel, true) };
	}
}
