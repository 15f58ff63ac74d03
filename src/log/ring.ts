import { Recent } from "../recent.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { Offset } from "../wire/offset.ts";
import { type GroupPlace, groupsOf, readGroup, writeGroup } from "./group.ts";

/** How many of the oldest rows are looked up at a time. */
const LOOKUP_ROWS = 32;
/** How many rows are removed with a write, when more are trimmed than the writes to come can use again. */
const REMOVED_ROWS = 64;
/** Trimmed rows that hold no more events than these are left for the writes to come. */
const SPARE_EVENTS = 1000;
/** A read looks up so many rows at first, and twice as many each time. It stops looking when it has enough characters. */
const FIRST_READ_ROWS = 16;
const READ_CHARACTERS = 65_536;
/** The size of the groups that are kept in memory. */
const CACHED_CHARACTERS = 4_194_304;

/** How much a log retains. */
export interface Retention {
	events: number;
	milliseconds: number;
}

type PlaceRow = { first: number; last: number; at: number };
type GroupRow = PlaceRow & { events: string };

/** A group that was read. */
interface ReadGroup {
	last: Offset;
	events: StoredEvent[];
	characters: number;
}

/**
 * A log's newest events, in the table `event_groups`. Events that are written together share a row. Rows are in the order
 * of their offsets and times, without a gap in what is retained. A write takes the oldest row if all of its events are trimmed: one row
 * written, nothing to prune.
 */
export class Ring {
	readonly #sql: SqlStorage;
	readonly #retention: Retention;
	/** The oldest rows, as far as they were looked up. */
	#oldestRows: GroupPlace[] = [];
	/** The row that was asked for last: every subscribe asks for the oldest event's. */
	#asked: GroupPlace | undefined;
	/** The offset after the last one that was overwritten because its time had come. */
	#floor: Offset = 0;
	/** Whether more rows are trimmed than writes will use again, because the log was longer once. */
	#hasExcess = false;
	/** By the offset of their first event: after a deploy, many streams read the same events. */
	readonly #groups = new Recent<Offset, ReadGroup>(CACHED_CHARACTERS, ({ characters }) => characters);

	constructor(sql: SqlStorage, retention: Retention) {
		this.#sql = sql;
		this.#retention = retention;
	}

	/** Every event before this offset is trimmed, whatever the time is. */
	get floor(): Offset {
		return this.#floor;
	}

	/** Writes events of one time that follow those in the ring, but for those that others of them trim. */
	write(events: readonly StoredEvent[]): void {
		const oldest = (events.at(-1)?.offset ?? 0) - this.#retention.events + 1;
		for (const group of groupsOf(events.slice(-this.#retention.events))) this.#writeGroup(group, oldest);
		if (this.#hasExcess) this.#removeExcess(oldest);
	}

	/** Yields the events of a range of offsets. All of them must be in the ring. */
	*read(from: Offset, to: Offset): Generator<StoredEvent> {
		let rows = FIRST_READ_ROWS;
		for (let next = from; next <= to; ) {
			const known = this.#groups.get(next);
			const group = known ?? this.#readRows(next, to, rows);
			if (!known) rows *= 2;
			for (const event of group.events) {
				if (event.offset > to) return;
				if (event.offset >= next) yield event;
			}
			next = group.last + 1;
		}
	}

	/** The first event between two offsets that was published at a time or later. */
	firstSince(time: number, from: Offset, to: Offset): Offset | undefined {
		if (from > to) return undefined;
		const row = this.#rowOf(from);
		if (row.at >= time) return from;
		let low = row.last + 1;
		let high = to + 1;
		while (low < high) {
			const { first, last, at } = this.#findRow(Math.floor((low + high) / 2));
			if (at < time) low = last + 1;
			else high = Math.max(low, first);
		}
		return low <= to ? low : undefined;
	}

	/** Returns the first and the last row; `undefined` when there are none. */
	load(): { oldest: GroupPlace; newest: GroupPlace } | undefined {
		const [oldest] = this.#lookUp("ORDER BY first LIMIT 1");
		const [newest] = this.#lookUp("ORDER BY first DESC LIMIT 1");
		if (!oldest || !newest) return undefined;
		this.#oldestRows = [oldest];
		this.#hasExcess = newest.last - oldest.first > 2 * this.#retention.events + SPARE_EVENTS;
		return { oldest, newest };
	}

	clear(): void {
		this.#sql.exec("DELETE FROM event_groups");
		this.forget();
	}

	/** Forgets what is known of the rows: before they are loaded, and when there is no table. */
	forget(): void {
		this.#oldestRows = [];
		this.#asked = undefined;
		this.#floor = 0;
		this.#hasExcess = false;
		this.#groups.clear();
	}

	/** Frees the memory of the events that were read. */
	clearCache(): void {
		this.#groups.clear();
	}

	/** @param oldest the oldest event that is retained. */
	#writeGroup(group: readonly [StoredEvent, ...StoredEvent[]], oldest: Offset): void {
		const [{ offset: first, at }] = group;
		const last = first + group.length - 1;
		const text = writeGroup(group);
		const trimmed = this.#takeTrimmed(oldest, at - this.#retention.milliseconds);
		if (trimmed === undefined) {
			this.#sql.exec("INSERT INTO event_groups (first, last, at, events) VALUES (?, ?, ?, ?)", first, last, at, text);
			return;
		}
		this.#sql.exec(
			"UPDATE event_groups SET first = ?, last = ?, at = ?, events = ? WHERE first = ?",
			first,
			last,
			at,
			text,
			trimmed,
		);
	}

	/** Takes the oldest row if all of its events are trimmed. */
	#takeTrimmed(oldest: Offset, horizon: number): Offset | undefined {
		if (this.#oldestRows.length === 0) this.#oldestRows = this.#lookUp(`ORDER BY first LIMIT ${LOOKUP_ROWS}`);
		const [row] = this.#oldestRows;
		if (!row || (row.last >= oldest && row.at >= horizon)) return undefined;
		this.#oldestRows.shift();
		this.#floor = Math.max(this.#floor, row.last + 1);
		return row.first;
	}

	#removeExcess(oldest: Offset): void {
		const { rowsWritten } = this.#sql.exec(
			`DELETE FROM event_groups WHERE first IN (
				SELECT first FROM event_groups WHERE first < ? AND last < ? ORDER BY first LIMIT ${REMOVED_ROWS})`,
			oldest - this.#retention.events,
			oldest,
		);
		this.#hasExcess = rowsWritten === REMOVED_ROWS;
		this.#oldestRows = [];
	}

	/** Reads rows from that of an offset on into the cache. Returns the first. */
	#readRows(offset: Offset, to: Offset, limit: number): ReadGroup {
		const { first } = this.#rowOf(offset);
		const cached = this.#groups.get(first);
		if (cached) return cached;
		const rows = this.#sql.exec<GroupRow>(
			"SELECT first, last, at, events FROM event_groups WHERE first BETWEEN ? AND ? ORDER BY first LIMIT ?",
			first,
			to,
			limit,
		);
		let found: ReadGroup | undefined;
		let characters = 0;
		for (const row of rows) {
			if (this.#groups.has(row.first)) break;
			const group = { last: row.last, events: readGroup(row.events, row), characters: row.events.length };
			this.#groups.set(row.first, group);
			found ??= group;
			characters += group.characters;
			if (characters >= READ_CHARACTERS) break;
		}
		if (!found) throw new Error(`The log has no event ${offset}.`);
		return found;
	}

	/** The row of an offset, which is remembered. */
	#rowOf(offset: Offset): GroupPlace {
		if (!this.#asked || offset < this.#asked.first || offset > this.#asked.last) this.#asked = this.#findRow(offset);
		return this.#asked;
	}

	#findRow(offset: Offset): GroupPlace {
		const [row] = this.#lookUp("WHERE first <= ? ORDER BY first DESC LIMIT 1", offset);
		if (!row || row.last < offset) throw new Error(`The log has no event ${offset}.`);
		return row;
	}

	#lookUp(where: string, ...bindings: number[]): GroupPlace[] {
		return this.#sql.exec<PlaceRow>(`SELECT first, last, at FROM event_groups ${where}`, ...bindings).toArray();
	}
}
