import type { NewEvent, Recipients, StoredEvent } from "../wire/event.ts";
import { runsOf } from "./runs.ts";

/**
 * The log of one channel: a ring in SQLite, one row a slot (`offset % capacity`), written with an upsert, so that an event
 * costs one row written and nothing has to be pruned.
 *
 * Appended events are not visible at once: `head` moves only when the caller says that they are on disk. A reader never
 * sees an event that a crash could take back.
 *
 * The first event makes the log. Before it, nothing is on disk, and the position is 0; the same position later means the
 * beginning, from which everything can be read as long as nothing was forgotten.
 */

/** A log starts at this many offsets for every second of unix time: a later log's offsets are higher than an earlier one's. */
const OFFSETS_PER_SECOND = 1_000_000;

/** What a log needs of a Durable Object's storage. */
export type LogStorage = Pick<DurableObjectStorage, "sql" | "transactionSync">;

/** How much a log remembers. */
export interface Retention {
	events: number;
	seconds: number;
}

interface Extent {
	/** The lowest position that this channel ever told anybody, as far as it remembers: a wipe does not raise it. */
	born: number;
	/** The position that this log started from. */
	start: number;
	/** The offset of the last event on disk, or `start`. */
	last: number;
	/** When the last event was published, in unix milliseconds. */
	lastAt: number;
	/** Since when nobody has had a stream open, in unix milliseconds. */
	idleSince: number | undefined;
}

type Row = {
	offset: number;
	at: number;
	type: string;
	data: string;
	retry: number | null;
	recipients: string | null;
};

export class Log {
	readonly #storage: LogStorage;
	readonly #retention: Retention;
	#extent: Extent | undefined;
	#head = 0;
	#oldest = 0;
	#asked: { offset: number; at: number } | undefined;

	constructor(storage: LogStorage, retention: Retention) {
		this.#storage = storage;
		this.#retention = retention;
		this.reload();
	}

	/** Whether anything was ever published. */
	get isBorn(): boolean {
		return this.#extent !== undefined;
	}

	/** The lowest position that a cursor of this channel can have, but for 0; 0 before the first event is visible. */
	get born(): number {
		return this.#isVisible ? (this.#extent?.born ?? 0) : 0;
	}

	/** The position that the log started from; a wipe moves it on. 0 before the first event is visible. */
	get start(): number {
		return this.#isVisible ? (this.#extent?.start ?? 0) : 0;
	}

	/** When the last event was published, in unix milliseconds; 0 before the first. */
	get lastAt(): number {
		return this.#extent?.lastAt ?? 0;
	}

	get #isVisible(): boolean {
		return this.#head > 0;
	}

	/** The offset of the last visible event; 0 before the first one, and after a wipe where the log starts anew. */
	get head(): number {
		return this.#head;
	}

	/** Reads from disk where the log stands: when the object starts, and after a transaction was rolled back. */
	reload(): void {
		this.#oldest = 0;
		this.#asked = undefined;
		this.#extent = this.#readExtent();
		this.#head = this.#extent?.last ?? 0;
	}

	/** Writes down where the log starts. */
	#birth(now: number): Extent {
		const start = firstPosition(now);
		const { sql } = this.#storage;
		sql.exec(`CREATE TABLE log (
			id INTEGER PRIMARY KEY CHECK (id = 0), born INTEGER NOT NULL, start INTEGER NOT NULL,
			capacity INTEGER NOT NULL, idle_since INTEGER) STRICT`);
		this.#createEvents();
		sql.exec("INSERT INTO log (id, born, start, capacity) VALUES (0, ?, ?, ?)", start, start, this.#retention.events);
		return { born: start, start, last: start, lastAt: 0, idleSince: undefined };
	}

	/** Forgets all events. The offsets go on: none is used twice, and cursors from before are found to be behind. */
	wipe(now: number): void {
		if (!this.#extent) return;
		const start = Math.max(firstPosition(now), this.#extent.last + 1);
		this.#storage.sql.exec("DELETE FROM events");
		this.#storage.sql.exec("UPDATE log SET start = ?", start);
		this.#extent = { ...this.#extent, start, last: start };
		this.#head = start;
	}

	/** Since when nobody has had a stream open, in unix milliseconds; `undefined` while somebody has, or may have. */
	get idleSince(): number | undefined {
		return this.#extent?.idleSince;
	}

	/** Writes down when the last stream ended; `undefined`: that one was opened. */
	setIdleSince(now: number | undefined): void {
		this.#storage.sql.exec("UPDATE log SET idle_since = ?", now ?? null);
		if (this.#extent) this.#extent = { ...this.#extent, idleSince: now };
	}

	/** Whether a log that is born at a time would start above this one, so that this one may be forgotten. */
	isSurpassedAt(now: number): boolean {
		return firstPosition(now) > this.last;
	}

	/** The offset of the last event on disk or on its way there: what the next one follows. */
	get last(): number {
		return this.#extent?.last ?? 0;
	}

	/** Appends events with contiguous offsets. They stay invisible until {@link reveal}. */
	append(events: readonly NewEvent[], now: number): StoredEvent[] {
		const extent = this.#extent ?? this.#birth(now);
		// A clock that was set back must not make events look older than those before them.
		const at = Math.max(now, extent.lastAt);
		const stored = events.map((event, index) => ({ ...event, offset: extent.last + 1 + index, at }));
		this.#write(stored, at);
		this.#extent = { ...extent, last: extent.last + stored.length, lastAt: at };
		return stored;
	}

	/** Makes everything appended so far visible: call it when that is safely on disk. */
	reveal(): void {
		this.#head = this.last;
	}

	/** The offset of the oldest visible event that is still remembered. */
	oldest(now: number): number | undefined {
		const { start, last } = this.#extent ?? { start: 0, last: 0 };
		this.#oldest = Math.max(this.#oldest, start + 1, last - this.#retention.events + 1);
		const horizon = now - this.#retention.seconds * 1000;
		while (this.#oldest <= this.#head && this.#publishedAt(this.#oldest) < horizon) this.#oldest += 1;
		return this.#oldest <= this.#head ? this.#oldest : undefined;
	}

	/** The offset of the first remembered event that was published at a time or later. */
	firstSince(time: number, now: number): number | undefined {
		const oldest = this.oldest(now);
		if (oldest === undefined) return undefined;
		const row = this.#storage.sql
			.exec<{ first: number | null }>(
				"SELECT MIN(offset) AS first FROM events WHERE at >= ? AND offset BETWEEN ? AND ?",
				time,
				oldest,
				this.#head,
			)
			.one();
		return row.first ?? undefined;
	}

	/** The visible, remembered events after a position, oldest first: one at a time, so that a reader can stop. */
	*read(after: number, now: number): Generator<StoredEvent> {
		const oldest = this.oldest(now);
		if (oldest === undefined) return;
		const capacity = this.#retention.events;
		let offset = Math.max(after + 1, oldest);
		while (offset <= this.#head) {
			// A run ends where the ring wraps around.
			const slot = offset % capacity;
			const length = Math.min(this.#head - offset + 1, capacity - slot);
			const rows = this.#storage.sql.exec<Row>(
				"SELECT offset, at, type, data, retry, recipients FROM events WHERE slot BETWEEN ? AND ? ORDER BY slot",
				slot,
				slot + length - 1,
			);
			for (const row of rows) yield toEvent(row);
			offset += length;
		}
	}

	#createEvents(): void {
		this.#storage.sql.exec(`CREATE TABLE events (
			slot INTEGER PRIMARY KEY, offset INTEGER NOT NULL, at INTEGER NOT NULL,
			type TEXT NOT NULL, data TEXT NOT NULL, retry INTEGER, recipients TEXT) STRICT`);
	}

	/** Rows go together as JSON: a statement costs more than a row, and a bound value nearly as much. */
	#write(events: readonly StoredEvent[], at: number): void {
		for (const run of runsOf(events)) {
			const rows = run.map(({ offset, type, data, retry, to }, index) => {
				const slot = offset % this.#retention.events;
				return [slot, offset, type, index === 0 ? null : data, retry, to && JSON.stringify(to)];
			});
			this.#storage.sql.exec(
				`INSERT INTO events (slot, offset, at, type, data, retry, recipients)
				SELECT value ->> 0, value ->> 1, ?, value ->> 2, coalesce(value ->> 3, ?), value ->> 4, value ->> 5
				FROM json_each(?) WHERE TRUE
				ON CONFLICT (slot) DO UPDATE SET offset = excluded.offset, at = excluded.at, type = excluded.type,
					data = excluded.data, retry = excluded.retry, recipients = excluded.recipients`,
				at,
				run[0]?.data,
				JSON.stringify(rows),
			);
		}
	}

	/** Asked for the oldest event each time somebody comes, so the last answer is kept. */
	#publishedAt(offset: number): number {
		if (this.#asked?.offset !== offset) {
			const slot = offset % this.#retention.events;
			const { at } = this.#storage.sql.exec<{ at: number }>("SELECT at FROM events WHERE slot = ?", slot).one();
			this.#asked = { offset, at };
		}
		return this.#asked.at;
	}

	#readExtent(): Extent | undefined {
		const { sql } = this.#storage;
		const [table] = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'log'");
		if (!table) return undefined;
		const { born, start, capacity, idleSince } = sql
			.exec<{ born: number; start: number; capacity: number; idleSince: number | null }>(
				"SELECT born, start, capacity, idle_since AS idleSince FROM log",
			)
			.one();
		if (capacity !== this.#retention.events) this.#resize();
		// A ring that was smaller before holds less than there is room for now.
		const { oldest, last, at } = sql
			.exec<{ oldest: number | null; last: number | null; at: number | null }>(
				"SELECT MIN(offset) AS oldest, MAX(offset) AS last, MAX(at) AS at FROM events",
			)
			.one();
		this.#oldest = oldest ?? 0;
		return { born, start, last: last ?? start, lastAt: at ?? 0, idleSince: idleSince ?? undefined };
	}

	/** Lays the ring again when `REPLAY_EVENTS` has changed: an event's slot depends on it. */
	#resize(): void {
		const { sql } = this.#storage;
		const capacity = this.#retention.events;
		this.#storage.transactionSync(() => {
			sql.exec("ALTER TABLE events RENAME TO smaller_or_larger");
			this.#createEvents();
			sql.exec(
				`INSERT INTO events SELECT offset % ?, offset, at, type, data, retry, recipients FROM smaller_or_larger
				ORDER BY offset DESC LIMIT ?`,
				capacity,
				capacity,
			);
			sql.exec("DROP TABLE smaller_or_larger");
			sql.exec("UPDATE log SET capacity = ?", capacity);
		});
	}
}

function firstPosition(now: number): number {
	return Math.floor(now / 1000) * OFFSETS_PER_SECOND;
}

function toEvent({ offset, at, type, data, retry, recipients }: Row): StoredEvent {
	return {
		offset,
		at,
		type,
		data,
		...(retry !== null && { retry }),
		...(recipients !== null && { to: JSON.parse(recipients) as Recipients }),
	};
}
