import { describe, expect, it } from "vitest";
import { Log } from "../../src/log/log.ts";
import { counted, DAY, event, NOW, publish, range, read, START, withStorage } from "../support/log.ts";

interface OldEvent {
	offset: number;
	at: number;
	type?: string;
	data?: string;
	retry?: number;
	to?: object;
}

/** Makes the tables of the first version: a ring with a slot an event. */
function writeOldTables({ sql }: DurableObjectStorage, capacity: number, events: readonly OldEvent[]): void {
	sql.exec(`CREATE TABLE log (
		id INTEGER PRIMARY KEY CHECK (id = 0), born INTEGER NOT NULL, start INTEGER NOT NULL,
		capacity INTEGER NOT NULL, idle_since INTEGER) STRICT`);
	sql.exec(`CREATE TABLE events (
		slot INTEGER PRIMARY KEY, offset INTEGER NOT NULL, at INTEGER NOT NULL,
		type TEXT NOT NULL, data TEXT NOT NULL, retry INTEGER, recipients TEXT) STRICT`);
	sql.exec("INSERT INTO log (id, born, start, capacity, idle_since) VALUES (0, ?, ?, ?, 5)", START, START, capacity);
	const rows = events.map(({ offset, at, type = "message", data = '"x"', retry, to }) => {
		return [offset % capacity, offset, at, type, data, retry, to && JSON.stringify(to)];
	});
	sql.exec(
		`INSERT INTO events (slot, offset, at, type, data, retry, recipients)
		SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?)`,
		JSON.stringify(rows),
	);
}

const oldEvents = (count: number) => range(1, count).map((place) => ({ offset: START + place, at: NOW + place }));

describe("a log that the first version wrote", () => {
	it("keeps its events as they were", async () => {
		await withStorage((storage) => {
			const events = [
				{ data: "9007199254740993" },
				{ data: '{"a":1.0,"b":"\\u0000\\n\'"}', type: "订单 😀 \"\\'", retry: 5 },
				{ data: "null", to: { user: "o'brien\";", claims: { "": "\u2028", level: 3, "\\": null } } },
				{ data: `"${"é".repeat(900_000)}"`, retry: 0 },
			].map((each, index) => ({ offset: START + 1 + index, at: NOW + index, type: "message", ...each }));
			writeOldTables(storage, 100, events);
			const log = new Log(storage, { events: 100, milliseconds: DAY });
			expect([...log.read(0, NOW)]).toEqual(events);
			expect([log.born, log.start, log.head, log.lastAt]).toEqual([START, START, START + 4, NOW + 3]);
			expect([log.idleSince, log.ended, log.lease]).toEqual([5, undefined, undefined]);
		});
	});

	it.each([
		[100, 100, 30],
		[100, 100, 250],
		[100, 10, 250],
		[10, 100, 250],
		[1, 5, 3],
		[10_000, 10_000, 12_345],
		[10_000, 100_000, 12_345],
		[10_000, 7, 12_345],
	])("of %i events goes on with %i, after %i were published", async (before, after, published) => {
		await withStorage((storage) => {
			writeOldTables(storage, before, oldEvents(published).slice(-before));
			const now = NOW + published;
			for (const _ of ["laid out anew", "as it is"]) {
				const log = new Log(storage, { events: after, milliseconds: DAY });
				const first = Math.max(1, published - Math.min(before, after) + 1);
				expect(read(log, 0, now)).toEqual(range(first, published));
				expect(log.firstSince(NOW + published, now)).toBe(START + published);
			}
			const log = new Log(storage, { events: after, milliseconds: DAY });
			publish(log, 2, now);
			publish(log, 1, now);
			const first = Math.max(1, published - before + 1, published + 3 - after + 1);
			expect(read(log, 0, now)).toEqual(range(first, published + 3));
		});
	});

	it("is laid out once", async () => {
		await withStorage((storage) => {
			writeOldTables(storage, 100, oldEvents(250).slice(-100));
			new Log(storage, { events: 100, milliseconds: DAY });
			const { storage: counting, rowsWritten, rowsRead } = counted(storage);
			const log = new Log(counting, { events: 100, milliseconds: DAY });
			expect([rowsWritten(), rowsRead()]).toEqual([0, 5]);
			log.append([event()], NOW + 1000);
			expect(rowsWritten()).toBe(1);
		});
	});

	it("may have been wiped", async () => {
		await withStorage((storage) => {
			writeOldTables(storage, 100, []);
			storage.sql.exec("UPDATE log SET start = ?", START + 10);
			const log = new Log(storage, { events: 100, milliseconds: DAY });
			expect([log.head, read(log)]).toEqual([START + 10, []]);
			publish(log, 2);
			log.end("ended");
			const again = new Log(storage, { events: 100, milliseconds: DAY });
			expect([read(again), again.ended]).toEqual([[11, 12], "ended"]);
		});
	});
});
