import type { Logger } from "../logger.ts";
import type { EndReason } from "../wire/control.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { Offset } from "../wire/offset.ts";
import type { Extent, LogPart } from "../wire/relay.ts";
import { NewestEvents } from "./newest-events.ts";
import type { ReadableLog } from "./readable-log.ts";
import type { Retention } from "./ring.ts";

/** How many older parts of the log are kept in memory, for the streams that catch up. */
const MAX_PARTS = 8;
/** How many are fetched at once. The streams that wait for others ask again. */
const MAX_FETCHES = 4;

const UNBORN: Extent = { born: 0, start: 0, head: 0, oldest: null, ended: null };

interface FollowedLogOptions {
	retention: Retention;
	logger: Logger;
	/** Asks the origin for what follows a position. */
	fetch(after: Offset): Promise<LogPart>;
	/** Called when a part of the log has come, so that streams which wait for it can go on. */
	fetched(): void;
}

interface FetchedPart {
	/** It starts after this position. */
	after: Offset;
	/** The position of its last event. */
	last: Offset;
	events: readonly StoredEvent[];
}

/**
 * The log of another object, the origin, as a relay knows it. The newest events are in memory; older ones are fetched from
 * the origin when a stream needs them. Offsets are the origin's.
 */
export class FollowedLog implements ReadableLog {
	readonly #options: FollowedLogOptions;
	readonly #newest = new NewestEvents();
	#extent = UNBORN;
	#head: Offset = 0;
	/** A lower bound of the oldest retained offset. */
	#oldest: Offset = 0;
	#parts: FetchedPart[] = [];
	readonly #fetching = new Set<Offset>();
	/** How often the log was wiped: what was fetched before is not kept. */
	#wipes = 0;

	constructor(options: FollowedLogOptions) {
		this.#options = options;
	}

	get born(): Offset {
		return this.#extent.born;
	}

	get start(): Offset {
		return this.#extent.start;
	}

	get head(): Offset {
		return this.#head;
	}

	/** The origin may have ended while events are still on their way. */
	get ended(): EndReason | undefined {
		const { ended, head } = this.#extent;
		return ended !== null && this.#head >= head ? ended : undefined;
	}

	/**
	 * Learns how the origin's log stands.
	 *
	 * @returns whether it begins elsewhere than it did: the origin has wiped it.
	 */
	learn(extent: Extent): boolean {
		const hasMoved = this.start > 0 && extent.start !== this.start;
		this.#extent = extent;
		this.#oldest = extent.oldest ?? extent.head + 1;
		return hasMoved;
	}

	/** Moves to a position, past events that are not known here. */
	moveTo(position: Offset): void {
		this.#begin(position);
		this.#newest.clear();
		this.#head = position;
	}

	/**
	 * Appends events that follow those that are known.
	 *
	 * @returns those that are new.
	 */
	append(events: readonly StoredEvent[]): readonly StoredEvent[] {
		const news = events.filter(({ offset }) => offset > this.#head);
		const [first] = news;
		if (!first) return [];
		if (first.offset !== this.#head + 1) this.moveTo(first.offset - 1);
		this.#newest.append(news);
		this.#head = news.at(-1)?.offset ?? this.#head;
		return news;
	}

	/** Forgets all events, because the origin has wiped them. */
	wipe(): void {
		this.#newest.clear();
		this.#parts = [];
		this.#wipes += 1;
	}

	oldest(now: number): Offset | undefined {
		const { events, milliseconds } = this.#options.retention;
		const oldest = Math.max(this.#oldest, this.start + 1, this.#head - events + 1);
		this.#oldest = Math.max(oldest, this.#newest.retainedFrom(now - milliseconds) ?? 0);
		return this.#oldest <= this.#head ? this.#oldest : undefined;
	}

	has(after: Offset): boolean {
		if (after >= this.#floor - 1 || this.#partAfter(after)) return true;
		void this.#fetch(after);
		return false;
	}

	*read(after: Offset, now: number): Generator<StoredEvent> {
		const oldest = this.oldest(now);
		if (oldest === undefined) return;
		let next = Math.max(after + 1, oldest);
		if (next < this.#floor) {
			const part = this.#partAfter(next - 1);
			if (!part) throw new Error(`The relay does not know the event ${next} yet.`);
			for (const event of part.events) if (event.offset >= next) yield event;
			next = part.last + 1;
			// The rest has to be fetched.
			if (next < this.#floor) return;
		}
		yield* this.#newest.from(next);
	}

	clearCache(): void {
		this.#parts = [];
	}

	/** The first event in memory, or that which comes next. */
	get #floor(): Offset {
		return this.#newest.first ?? this.#head + 1;
	}

	/** The first event of a log tells where the log begins. */
	#begin(position: Offset): void {
		if (this.#head === 0 && this.born === 0) this.#extent = { ...this.#extent, born: position, start: position };
	}

	#partAfter(after: Offset): FetchedPart | undefined {
		return this.#parts.find((part) => part.after <= after && after < part.last);
	}

	async #fetch(after: Offset): Promise<void> {
		if (this.#fetching.size >= MAX_FETCHES || this.#fetching.has(after)) return;
		this.#fetching.add(after);
		const { fetch, fetched, logger } = this.#options;
		const wipes = this.#wipes;
		try {
			const { events, oldest } = await fetch(after);
			if (wipes !== this.#wipes) return;
			this.#oldest = Math.max(this.#oldest, oldest);
			const last = events.at(-1)?.offset;
			if (last !== undefined) this.#parts = [...this.#parts.slice(1 - MAX_PARTS), { after, last, events }];
		} catch (error) {
			logger.failure(
				"The origin could not be asked for older events. The streams that wait for them ask again.",
				error,
			);
			return;
		} finally {
			this.#fetching.delete(after);
		}
		fetched();
	}
}
