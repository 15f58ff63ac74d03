import { formatCursor } from "../sse/cursor.ts";
import type { StoredEvent } from "../sse/event.ts";
import { type ControlEvents, controlFrame } from "../sse/frame.ts";
import { chunksOf } from "./chunks.ts";
import type { Log } from "./log.ts";
import { findStart, type Start } from "./resume.ts";
import { Stream, type Subscription } from "./stream.ts";

/** What a stream is sent at once of a long replay, in characters of data; the rest follows as the client reads. */
const PIECE_CHARACTERS = 65_536;

/** A part of the log. */
interface Piece {
	events: StoredEvent[];
	/** Whether it reaches the head. */
	isLast: boolean;
}

/** Starts streams: where they resume, what they are told first, and what they are sent from the log. */
export class Replay {
	readonly #channel: string;
	readonly #log: Log;
	readonly #limits: { maxBacklogBytes: number; retryMilliseconds: number };

	constructor(channel: string, log: Log, limits: { maxBacklogBytes: number; retryMilliseconds: number }) {
		this.#channel = channel;
		this.#log = log;
		this.#limits = limits;
	}

	/** Opens a stream, and sends what it has missed. A long replay goes on by itself as the client reads. */
	start(subscription: Subscription, now: number, left: (stream: Stream) => void): Stream {
		const log = this.#log;
		const { born, head } = log;
		const firstSince = (time: number) => log.firstSince(time, now);
		const from = findStart(subscription, { born, head, oldest: log.oldest(now), firstSince });
		const piece = this.#read(from.position, now);
		const { maxBacklogBytes } = this.#limits;
		const stream = new Stream(this.#channel, subscription, from.position, maxBacklogBytes, now, {
			left,
			...(!piece.isLast && { more: (stream) => this.catchUp(stream, Date.now()) }),
		});
		stream.send(this.#preface(stream, from), now);
		this.#deliver(stream, piece, now);
		stream.warn(now);
		return stream;
	}

	/** What comes before the replay. A gap carries the cursor that the stream goes on from: it need not be told again. */
	#preface({ connection, subscription: { user, expires } }: Stream, { position, cursor, resumed, gap }: Start): string {
		const connected = { connection, user, channels: [this.#channel], resumed, expires };
		const opening = controlFrame("connected", connected, { id: cursor, retry: this.#limits.retryMilliseconds });
		return gap ? opening + this.#gapFrame(gap, position) : opening;
	}

	#gapFrame(gap: Omit<ControlEvents["gap"], "channel">, position: number): string {
		return controlFrame("gap", { channel: this.#channel, ...gap }, { id: formatCursor(position) });
	}

	/** Sends a stream what it has missed, as far as it has room; when that is all, it takes live events again. */
	catchUp(stream: Stream, now: number): void {
		while (stream.isBehind && !stream.isClogged) {
			const oldest = this.#log.oldest(now) ?? this.#log.head + 1;
			if (stream.position + 1 < oldest) {
				const after = formatCursor(stream.position);
				stream.send(this.#gapFrame({ after, oldest: formatCursor(oldest), reason: "trimmed" }, oldest - 1), now);
				stream.position = oldest - 1;
			}
			this.#deliver(stream, this.#read(stream.position, now), now);
		}
	}

	#deliver(stream: Stream, { events, isLast }: Piece, now: number): void {
		const position = events.at(-1)?.offset;
		if (position !== undefined) stream.deliver(chunksOf(events, this.#channel)(stream), position, now);
		stream.isBehind = !isLast;
	}

	#read(after: number, now: number): Piece {
		const events: StoredEvent[] = [];
		let characters = 0;
		for (const event of this.#log.read(after, now)) {
			events.push(event);
			characters += event.data.length;
			if (characters >= PIECE_CHARACTERS) break;
		}
		return { events, isLast: (events.at(-1)?.offset ?? this.#log.head) === this.#log.head };
	}
}
