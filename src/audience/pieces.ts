import type { ReadableLog } from "../log/readable-log.ts";
import { Recent } from "../recent.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { Offset } from "../wire/offset.ts";
import { chunksOf } from "./chunks.ts";

/** The maximum size of a piece, in characters. A larger event is a piece of its own. */
const PIECE_CHARACTERS = 65_536;
/** What a dialect adds to the data of an event, approximately. */
const FRAME_CHARACTERS = 64;
/** The size of the pieces that are kept in memory. */
const CACHED_CHARACTERS = 2_097_152;
/** For how long they are kept when nobody is sent any. */
const IDLE_MILLISECONDS = 10_000;

/** A part of the log. */
export interface Piece {
	/** It starts after this position. */
	after: Offset;
	/** The position of its last event; where the log ended if it is empty. */
	position: Offset;
	chunkFor: ReturnType<typeof chunksOf>;
}

interface CachedPiece extends Piece {
	characters: number;
	/** Where the log ended when it was read; absent if the piece would not grow with the log. */
	head?: Offset;
}

/**
 * Cuts the log into pieces to replay.
 *
 * Pieces end at round offsets where they can. So streams that resume from different positions get the same pieces after
 * their first one, and what was read and encoded for one of them serves all.
 */
export class Pieces {
	readonly #channel: string;
	readonly #log: ReadableLog;
	/** By the position after which they start. */
	readonly #pieces = new Recent<Offset, CachedPiece>(CACHED_CHARACTERS, ({ characters }) => characters);
	#usedAt = 0;

	constructor(channel: string, log: ReadableLog) {
		this.#channel = channel;
		this.#log = log;
	}

	/** Returns the piece that starts after a position. The events after it must be retained. */
	after(position: Offset, now: number): Piece {
		const { head } = this.#log;
		this.#usedAt = now;
		const cached = this.#pieces.get(position);
		if (cached && (cached.head === undefined || cached.head === head)) return cached;
		const piece = this.#read(position, head, now);
		this.#pieces.set(position, piece);
		return piece;
	}

	/** Frees the memory of what was read, unless it was used a short time ago. */
	expire(now: number): void {
		if (now - this.#usedAt < IDLE_MILLISECONDS) return;
		this.#pieces.clear();
		this.#log.clearCache();
	}

	#read(after: Offset, head: Offset, now: number): CachedPiece {
		const events: StoredEvent[] = [];
		let characters = 0;
		let round = 1;
		for (const event of this.#log.read(after, now)) {
			const size = FRAME_CHARACTERS + event.data.length;
			if (events.length === 0) round = roundFor(size);
			events.push(event);
			characters += size;
			if (characters >= PIECE_CHARACTERS || event.offset % round === 0) break;
		}
		const last = events.at(-1)?.offset;
		const isCut = characters >= PIECE_CHARACTERS || (last !== undefined && last % round === 0);
		return {
			after,
			position: last ?? head,
			characters,
			...(!isCut && { head }),
			chunkFor: chunksOf(events, this.#channel, true),
		};
	}
}

/** The power of two at whose multiples pieces end, of events of a size. */
function roundFor(size: number): number {
	return 2 ** Math.max(0, Math.floor(Math.log2(PIECE_CHARACTERS / size)));
}
