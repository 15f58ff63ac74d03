import type { Log } from "../log/log.ts";
import { findStart } from "../log/resume.ts";
import { formatCursor } from "../wire/cursor.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { Start, StartRequest } from "../wire/subscription.ts";
import type { Chunk } from "./chunk.ts";
import { chunksOf } from "./chunks.ts";
import type { Counts } from "./counts.ts";
import type { Subscriber } from "./subscriber.ts";

/** What a subscriber is sent at once of a long replay, in characters of data; the rest follows as the client reads. */
const PIECE_CHARACTERS = 65_536;

/** A part of the log. */
interface Piece {
	/** It starts after this position. */
	after: number;
	/** Where the log ended when it was read. */
	head: number;
	/** Where it ends; `after` when there is nothing in it. */
	position: number;
	chunkFor(subscriber: Subscriber): Chunk | undefined;
}

/** Starts subscribers where they want to, and sends them what they have missed. */
export class Replay {
	readonly #channel: string;
	readonly #log: Log;
	readonly #counts: Counts;
	/** The piece that was read last: those whom a deploy has cut off at once come back at once, from the same place. */
	#piece: Piece | undefined;

	constructor(channel: string, log: Log, counts: Counts) {
		this.#channel = channel;
		this.#log = log;
		this.#counts = counts;
	}

	/**
	 * Finds where a subscriber starts, makes it, and sends it what it has missed. The rest of a long replay follows as
	 * the client reads.
	 */
	start<Kind extends Subscriber>(
		request: StartRequest,
		now: number,
		make: (start: Start, isLong: boolean) => Kind,
	): Kind {
		const log = this.#log;
		const { born, head } = log;
		const firstSince = (time: number) => log.firstSince(time, now);
		const start = findStart(request, { born, head, oldest: log.oldest(now), firstSince });
		const piece = this.#read(start.position, now);
		const subscriber = make(start, piece.position < head);
		subscriber.open(start, now);
		this.#deliver(subscriber, piece, now);
		subscriber.warn(now);
		return subscriber;
	}

	/** Sends a subscriber what it has missed, as far as it has room; when that is all, it takes live events again. */
	catchUp(subscriber: Subscriber, now: number): void {
		while (subscriber.isBehind && !subscriber.isClogged) {
			const { born, head } = this.#log;
			const oldest = this.#log.oldest(now) ?? head + 1;
			// One that came before the first event is at 0: the beginning.
			if (Math.max(subscriber.position, born) + 1 < oldest) {
				const after = formatCursor(subscriber.position);
				subscriber.skip({ after, oldest: formatCursor(oldest), reason: "trimmed" }, oldest - 1, now);
			}
			this.#deliver(subscriber, this.#read(subscriber.position, now), now);
		}
	}

	#deliver(subscriber: Subscriber, { after, head, position, chunkFor }: Piece, now: number): void {
		if (position > after) {
			const chunk = chunkFor(subscriber);
			subscriber.deliver(chunk, position, now);
			const events = chunk?.events ?? 0;
			if (subscriber.isRelayed) this.#counts.delivered(0, events, true);
			else this.#counts.delivered(events, 0, true);
		}
		subscriber.setBehind(position < head);
	}

	#read(after: number, now: number): Piece {
		const { head } = this.#log;
		if (this.#piece?.after !== after || this.#piece.head !== head) this.#piece = this.#readPiece(after, head, now);
		return this.#piece;
	}

	#readPiece(after: number, head: number, now: number): Piece {
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
