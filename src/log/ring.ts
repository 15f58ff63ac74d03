import type { Recipients, StoredEvent } from "../wire/event.ts";
import type { Json } from "../wire/json.ts";
import type { Offset } from "../wire/offset.ts";
import { runsOf } from "./runs.ts";

type Row = {
	offset: number;
	at: number;
	type: string;
	data: string;
	retry: number | null;
	recipients: string | null;
};

/**
 * A ring buffer of a log's newest events, in the table `events`. An event's slot is `offset % capacity`. Each write is
 * an upsert: one row written, nothing to prune.
 */
export class Ring {
	readonly #sql: SqlStorage;
	readonly #capacity: number;
	/** Caches the last `publishedAt`: every subscribe asks for the oldest event's. */
	#asked: { offset: Offset; at: number } | undefined;

	constructor(sql: SqlStorage, capacity: number) {
		this.#sql = sql;
		this.#capacity = capacity;
	}

	create(): void {
		this.#sql.exec(`CREATE TABLE events (
			slot INTEGER PRIMARY KEY, offset INTEGER NOT NULL, at INTEGER NOT NULL,
			type TEXT NOT NULL, data TEXT NOT NULL, retry INTEGER, recipients TEXT) STRICT`);
	}

	/**
	 * Writes events, but for those that others of them would overwrite.
	 *
	 * Each run is one statement, its rows bound as one JSON value, because statements and bound values are expensive. The
	 * first row's data is bound by itself: a large event has a run of its own, and escaping it once more could exceed the
	 * limit of a bound value.
	 */
	write(events: readonly StoredEvent[], at: number): void {
		for (const run of runsOf(events.slice(-this.#capacity))) {
			const rows = run.map(({ offset, type, data, retry, to }, index) => {
				return [this.#slotOf(offset), offset, type, index === 0 ? null : data, retry, to && JSON.stringify(to)];
			});
			this.#sql.exec(
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

	/** Yields the events of a range of offsets. All of them must be in the ring. */
	*read(from: Offset, to: Offset): Generator<StoredEvent> {
		let offset = from;
		while (offset <= to) {
			// A run ends where the ring wraps around.
			const slot = this.#slotOf(offset);
			const length = Math.min(to - offset + 1, this.#capacity - slot);
			const rows = this.#sql.exec<Row>(
				"SELECT offset, at, type, data, retry, recipients FROM events WHERE slot BETWEEN ? AND ? ORDER BY slot",
				slot,
				slot + length - 1,
			);
			for (const row of rows) yield toEvent(row);
			offset += length;
		}
	}

	/** When an event was published, in Unix milliseconds. */
	publishedAt(offset: Offset): number {
		if (this.#asked?.offset !== offset) {
			const slot = this.#slotOf(offset);
			const { at } = this.#sql.exec<{ at: number }>("SELECT at FROM events WHERE slot = ?", slot).one();
			this.#asked = { offset, at };
		}
		return this.#asked.at;
	}

	/** The first event between two offsets that was published at a time or later. */
	firstSince(time: number, from: Offset, to: Offset): Offset | undefined {
		const { first } = this.#sql
			.exec<{ first: number | null }>(
				"SELECT MIN(offset) AS first FROM events WHERE at >= ? AND offset BETWEEN ? AND ?",
				time,
				from,
				to,
			)
			.one();
		return first ?? undefined;
	}

	/** The first and the last event, and when that was published; `undefined` when there are none. */
	extent(): { oldest: Offset; last: Offset; lastAt: number } | undefined {
		const { oldest, last, lastAt } = this.#sql
			.exec<{ oldest: number | null; last: number | null; lastAt: number | null }>(
				"SELECT MIN(offset) AS oldest, MAX(offset) AS last, MAX(at) AS lastAt FROM events",
			)
			.one();
		return oldest === null || last === null || lastAt === null ? undefined : { oldest, last, lastAt };
	}

	clear(): void {
		this.#sql.exec("DELETE FROM events");
	}

	/** Moves the events to their slots for the new capacity. */
	resize(): void {
		this.#sql.exec("ALTER TABLE events RENAME TO smaller_or_larger");
		this.create();
		this.#sql.exec(
			`INSERT INTO events SELECT offset % ?, offset, at, type, data, retry, recipients FROM smaller_or_larger
			ORDER BY offset DESC LIMIT ?`,
			this.#capacity,
			this.#capacity,
		);
		this.#sql.exec("DROP TABLE smaller_or_larger");
	}

	#slotOf(offset: Offset): number {
		return offset % this.#capacity;
	}
}

function toEvent({ offset, at, type, data, retry, recipients }: Row): StoredEvent {
	return {
		offset,
		at,
		type,
		data: data as Json,
		...(retry !== null && { retry }),
		...(recipients !== null && { to: JSON.parse(recipients) as Recipients }),
	};
}
