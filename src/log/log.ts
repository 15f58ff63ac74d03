import type { EndReason } from "../wire/control.ts";
import type { NewEvent, StoredEvent } from "../wire/event.ts";
import type { Offset } from "../wire/offset.ts";
import { createTables, type LogStorage, readTables } from "./layout.ts";
import type { ReadableLog } from "./readable-log.ts";
import { type Retention, Ring } from "./ring.ts";

/**
 * The log of one channel. The events are in a ring buffer; the table `log` holds where the log starts, and how it ended.
 *
 * The log is write-ahead: `head` advances only once events are durable, so no reader sees an event that a crash could
 * undo.
 *
 * The first publish creates the log. Before it, nothing is stored and the head is 0. Afterwards, 0 still means the
 * beginning: a reader at 0 has no gap until events are trimmed.
 */

/** A new log starts at the Unix time in seconds times this, so that it never reuses the offsets of a deleted log. */
const OFFSETS_PER_SECOND = 1_000_000;

interface Extent {
	/**
	 * The position at which this log was created. A wipe does not change it. A lower cursor, other than 0, is foreign.
	 */
	born: Offset;
	/** The position before the first event. A wipe moves it. */
	start: Offset;
	/** The offset of the last event on disk, or `start`. */
	last: Offset;
	/** When the last event was published, in Unix milliseconds; absent: there is no event. */
	lastAt?: number;
	/** When the last stream ended, in Unix milliseconds; absent while one is open, or may be. */
	idleSince?: number;
	/** How the log ended; absent while events may be appended. */
	ended?: EndReason;
	/** Absent: the log does not end by itself. */
	lease?: LiveLease;
}

/** The log ends by itself when the publisher of a live body has been gone for a time. */
export interface LiveLease {
	/** How long that is. */
	milliseconds: number;
	/** When the log ends, in Unix milliseconds; absent while a publisher is there. */
	due?: number;
}

export class Log implements ReadableLog {
	readonly #storage: LogStorage;
	readonly #retention: Retention;
	readonly #ring: Ring;
	#extent: Extent | undefined;
	#head: Offset = 0;
	#ended: EndReason | undefined;
	/** A lower bound of the oldest retained offset. */
	#oldest: Offset = 0;

	constructor(storage: LogStorage, retention: Retention) {
		this.#storage = storage;
		this.#retention = retention;
		this.#ring = new Ring(storage.sql, retention);
		this.reload();
	}

	/** Whether the log exists: something was published since the storage was last freed. */
	get isBorn(): boolean {
		return this.#extent !== undefined;
	}

	/** The lowest valid cursor other than 0; 0 before the first event is visible. */
	get born(): Offset {
		return this.#visible?.born ?? 0;
	}

	/** The position before the first event; 0 before the first event is visible. */
	get start(): Offset {
		return this.#visible?.start ?? 0;
	}

	/** The offset of the last visible event; 0 before the first one; `start` after a wipe. */
	get head(): Offset {
		return this.#head;
	}

	/** The offset of the last appended event, durable or not. */
	get last(): Offset {
		return this.#extent?.last ?? 0;
	}

	/** What the head will be when more events are appended and visible: 0 before the first one. */
	headAfter(events: number): Offset {
		const last = this.last + events;
		return last === this.#extent?.born ? 0 : last;
	}

	/** When the last event was published, in Unix milliseconds; `undefined` when there is no event. */
	get lastAt(): number | undefined {
		return this.#extent?.lastAt;
	}

	/** When the last stream ended, in Unix milliseconds; `undefined` while one is open, or may be. */
	get idleSince(): number | undefined {
		return this.#extent?.idleSince;
	}

	/** Records when the last stream ended; `undefined` when one opens. */
	setIdleSince(now: number | undefined): void {
		this.#storage.sql.exec("UPDATE log SET idle_since = ?", now ?? null);
		if (!this.#extent) return;
		const { idleSince: _, ...extent } = this.#extent;
		this.#extent = { ...extent, ...(now !== undefined && { idleSince: now }) };
	}

	/** How the log ended, once that is visible; `undefined` while events may be appended. */
	get ended(): EndReason | undefined {
		return this.#ended;
	}

	/** Ends the log after its last event. This stays invisible until {@link reveal}. A wipe lets it begin anew. */
	end(reason: EndReason): void {
		this.#storage.sql.exec("UPDATE log SET ended = ?, lease = NULL, lease_due = NULL", reason);
		if (!this.#extent) return;
		const { lease: _, ...extent } = this.#extent;
		this.#extent = { ...extent, ended: reason };
	}

	/** When the log ends by itself; `undefined` if it does not. */
	get lease(): LiveLease | undefined {
		return this.#extent?.lease;
	}

	/** Records when the log ends by itself. */
	setLease(lease: LiveLease): void {
		this.#storage.sql.exec("UPDATE log SET lease = ?, lease_due = ?", lease.milliseconds, lease.due ?? null);
		if (this.#extent) this.#extent = { ...this.#extent, lease };
	}

	/** Whether a log created at `now` would start above this one's offsets, so that this one may be deleted. */
	isSurpassedAt(now: number): boolean {
		return firstPosition(now) > this.last;
	}

	/** Reloads the log's state from disk: at the start, after a rollback, and after the storage was freed. */
	reload(): void {
		this.#oldest = 0;
		this.#extent = this.#readExtent();
		this.#ended = this.#extent?.ended;
		this.#head = this.#ended ? this.last : this.headAfter(0);
	}

	/** Runs `work` in a transaction. If it throws, storage rolls back and memory is reloaded. */
	transaction<Result>(work: () => Result): Result {
		try {
			return this.#storage.transactionSync(work);
		} catch (error) {
			this.reload();
			throw error;
		}
	}

	/** Creates the log unless it exists. */
	begin(now: number): void {
		this.#extent ??= this.#create(now);
	}

	/** Appends events with contiguous offsets. They stay invisible until {@link reveal}. */
	append(events: readonly NewEvent[], now: number): StoredEvent[] {
		const extent = this.#extent ?? this.#create(now);
		// A clock that was set back must not make events look older than those before them.
		const at = Math.max(now, extent.lastAt ?? now);
		const stored = events.map((event, index) => ({ ...event, offset: extent.last + 1 + index, at }));
		this.#ring.write(stored);
		this.#extent = { ...extent, last: extent.last + stored.length, lastAt: at };
		return stored;
	}

	/** Makes all appended events visible, and the end. Call it once they are durable. */
	reveal(): void {
		this.#head = this.last;
		this.#ended = this.#extent?.ended;
	}

	/**
	 * Deletes all events, and how the log ended. Offsets continue above the old ones, so none is reused, and older cursors
	 * get a gap. A lease stays while a publisher is there.
	 */
	wipe(now: number): void {
		if (!this.#extent) return;
		const start = Math.max(firstPosition(now), this.#extent.last + 1);
		this.#ring.clear();
		const { ended: _, lease, ...extent } = this.#extent;
		const kept = lease?.due === undefined ? lease : undefined;
		this.#storage.sql.exec(
			"UPDATE log SET start = ?, ended = NULL, lease = ?, lease_due = NULL",
			start,
			kept?.milliseconds ?? null,
		);
		this.#extent = { ...extent, start, last: start, ...(kept && { lease: kept }) };
		this.#head = start;
		this.#ended = undefined;
	}

	/** The offset of the oldest visible event that is still retained. */
	oldest(now: number): Offset | undefined {
		const { start, last } = this.#extent ?? { start: 0, last: 0 };
		const { events, milliseconds } = this.#retention;
		const oldest = Math.max(this.#oldest, start + 1, last - events + 1, this.#ring.floor);
		this.#oldest = this.#ring.firstSince(now - milliseconds, oldest, this.#head) ?? Math.max(oldest, this.#head + 1);
		return this.#oldest <= this.#head ? this.#oldest : undefined;
	}

	/** The offset of the first retained event that was published at a time or later. */
	firstSince(time: number, now: number): Offset | undefined {
		const oldest = this.oldest(now);
		return oldest === undefined ? undefined : this.#ring.firstSince(time, oldest, this.#head);
	}

	/** Everything that is retained is in this object's storage. */
	has(): boolean {
		return true;
	}

	/** Yields the retained, visible events after a position, oldest first. */
	*read(after: Offset, now: number): Generator<StoredEvent> {
		const oldest = this.oldest(now);
		if (oldest !== undefined) yield* this.#ring.read(Math.max(after + 1, oldest), this.#head);
	}

	/** Frees the memory of the events that were read. */
	clearCache(): void {
		this.#ring.clearCache();
	}

	get #visible(): Extent | undefined {
		return this.#head > 0 ? this.#extent : undefined;
	}

	#create(now: number): Extent {
		const start = firstPosition(now);
		createTables(this.#storage, start, this.#retention.events);
		return { born: start, start, last: start };
	}

	#readExtent(): Extent | undefined {
		this.#ring.forget();
		const row = readTables(this.#storage);
		if (!row) return undefined;
		const { born, start, idle_since: idleSince, ended, lease, lease_due: due } = row;
		const rows = this.#ring.load();
		const last = rows?.newest.last ?? start;
		const floor = row.capacity === this.#retention.events ? row.floor : this.#resize(last - row.capacity + 1);
		this.#oldest = Math.max(rows?.oldest.first ?? 0, floor);
		return {
			born,
			start,
			last,
			...(rows && { lastAt: rows.newest.at }),
			...(idleSince !== null && { idleSince }),
			...(ended !== null && { ended }),
			...(lease !== null && { lease: { milliseconds: lease, ...(due !== null && { due }) } }),
		};
	}

	/**
	 * The number of retained events has changed. What was trimmed stays trimmed: the rows that hold it have gaps.
	 *
	 * @param oldest the oldest event that was retained.
	 */
	#resize(oldest: Offset): Offset {
		const { sql } = this.#storage;
		const { floor } = sql
			.exec<{ floor: number }>(
				"UPDATE log SET capacity = ?, floor = MAX(floor, ?) RETURNING floor",
				this.#retention.events,
				oldest,
			)
			.one();
		return floor;
	}
}

function firstPosition(now: number): Offset {
	return Math.floor(now / 1000) * OFFSETS_PER_SECOND;
}
