import { describe, expect, it } from "vitest";
import { Log } from "../../src/log/log.ts";
import { newEvent } from "../support/events.ts";
import { counted, DAY, event, events, NOW, publish, range, read, START, withLog, withStorage } from "../support/log.ts";

describe("birth", () => {
	it("comes with the first event, and starts the log at a million offsets for every whole second of unix time", async () => {
		await withLog({}, (log) => {
			expect(log.isBorn).toBe(false);
			publish(log, 1);
			expect(log.isBorn).toBe(true);
			expect([log.born, log.start, log.head, log.last]).toEqual([START, START, START + 1, START + 1]);
		});
	});

	it("is not visible before the first event is: a crash could take it back", async () => {
		await withLog({}, (log) => {
			log.append(events(1), NOW);
			expect([log.born, log.start, log.head]).toEqual([0, 0, 0]);
			expect(log.last).toBe(START + 1);
		});
	});

	it("happens once, whatever the time is then", async () => {
		await withLog({}, (log) => {
			publish(log, 1);
			publish(log, 1, NOW + 60_000);
			expect([log.born, log.start, log.head]).toEqual([START, START, START + 2]);
		});
	});

	it("is written down: a log that starts again starts from there", async () => {
		await withLog({}, (log, storage) => {
			publish(log, 1);
			const again = new Log(storage, { events: 100, milliseconds: DAY });
			expect(again.isBorn).toBe(true);
			expect([again.born, again.start, again.head]).toEqual([START, START, START + 1]);
		});
	});

	it("has not happened in a log that was only looked at", async () => {
		await withLog({}, (log, storage) => {
			expect([log.start, log.head, log.last]).toEqual([0, 0, 0]);
			expect(log.oldest(NOW)).toBeUndefined();
			expect(log.firstSince(0, NOW)).toBeUndefined();
			expect([...log.read(0, NOW)]).toEqual([]);
			expect(new Log(storage, { events: 100, milliseconds: DAY }).isBorn).toBe(false);
		});
	});
});

describe("append", () => {
	it("gives events contiguous offsets from the start of the log on", async () => {
		await withLog({}, (log) => {
			expect(log.append(events(3), NOW).map(({ offset }) => offset)).toEqual([START + 1, START + 2, START + 3]);
			expect(log.append(events(1), NOW + 5000).map(({ offset }) => offset)).toEqual([START + 4]);
			expect(log.last).toBe(START + 4);
		});
	});

	it("gives back the events with their place and time", async () => {
		await withLog({}, (log) => {
			const event = newEvent({ type: "order", data: '{"id":7}', retry: 5, to: { user: "bob" } });
			expect(log.append([event], NOW)).toEqual([{ ...event, offset: START + 1, at: NOW }]);
		});
	});

	it("goes on where it was when the object starts again", async () => {
		await withLog({}, (log, storage) => {
			publish(log, 3);
			const again = new Log(storage, { events: 100, milliseconds: DAY });
			expect([again.start, again.head, again.last]).toEqual([START, START + 3, START + 3]);
			expect(again.append(events(1), NOW)[0]?.offset).toBe(START + 4);
		});
	});

	it("writes one row for all events of a group, in a new ring and in one that wraps around", async () => {
		await withStorage((storage) => {
			const { storage: counting, rowsWritten } = counted(storage);
			const log = new Log(counting, { events: 10, milliseconds: DAY });
			log.append(events(1), NOW);
			for (const count of [10, 1, 25, 1, 1, 3, 10, 1]) {
				const before = rowsWritten();
				log.append(events(count), NOW);
				expect(rowsWritten() - before).toBe(1);
			}
			log.reveal();
			expect(read(log)).toEqual(range(44, 53));
		});
	});

	it("keeps the storage of a channel from growing once the ring is full", async () => {
		await withLog({ events: 10 }, (log, storage) => {
			publish(log, 10);
			const size = storage.sql.databaseSize;
			publish(log, 500);
			expect(storage.sql.databaseSize).toBe(size);
		});
	});

	it("takes a batch that is larger than the ring", async () => {
		await withLog({ events: 7 }, (log) => {
			expect(log.append(events(100), NOW)).toHaveLength(100);
			log.reveal();
			expect(read(log)).toEqual(range(94, 100));
		});
	});

	it("takes large events among small ones, and gives no statement a value of more than 2 MB", async () => {
		await withStorage((storage) => {
			const { storage: counting, longestValue } = counted(storage);
			const log = new Log(counting, { events: 100, milliseconds: DAY });
			const texts = ["small", '"'.repeat(600_000), "small again", "é".repeat(300_000), "x".repeat(200_000), "last"];
			const batch = texts.map((text) => event(text));
			log.append(batch, NOW);
			log.reveal();
			expect([...log.read(0, NOW)].map(({ data }) => data)).toEqual(batch.map(({ data }) => data));
			expect(longestValue()).toBeLessThan(2_000_000);
		});
	});

	it("takes a group that is too large for a row in several", async () => {
		await withStorage((storage) => {
			const { storage: counting, rowsWritten } = counted(storage);
			const log = new Log(counting, { events: 100, milliseconds: DAY });
			log.append(events(1), NOW);
			const before = rowsWritten();
			log.append(new Array(100).fill(event("x".repeat(50_000))), NOW);
			expect(rowsWritten() - before).toBe(20);
		});
	});

	it("takes many small events with much to say of whom they are for, in statements of a bounded size", async () => {
		await withStorage((storage) => {
			const { storage: counting, longestValue } = counted(storage);
			const log = new Log(counting, { events: 1000, milliseconds: DAY });
			const to = { claims: { team: "x".repeat(50_000) } };
			log.append(
				range(1, 100).map((data) => event(data, { to })),
				NOW,
			);
			log.reveal();
			expect([...log.read(0, NOW)]).toHaveLength(100);
			expect(longestValue()).toBeLessThan(500_000);
		});
	});

	it("takes no events for none", async () => {
		await withLog({}, (log) => {
			publish(log, 2);
			expect(log.append([], NOW)).toEqual([]);
			expect(log.last).toBe(START + 2);
		});
	});

	it("never lets the time of an event go back when the clock does", async () => {
		await withLog({}, (log, storage) => {
			log.append(events(1), NOW);
			expect(log.append(events(1), NOW - 60_000)[0]?.at).toBe(NOW);
			expect(log.append(events(1), NOW + 1)[0]?.at).toBe(NOW + 1);
			const again = new Log(storage, { events: 100, milliseconds: DAY });
			expect(again.append(events(1), NOW - 60_000)[0]).toMatchObject({ offset: START + 4, at: NOW + 1 });
		});
	});
});

describe("reveal", () => {
	it("makes visible what was appended, and nothing before it does", async () => {
		await withLog({}, (log) => {
			log.append(events(2), NOW);
			expect(log.head).toBe(0);
			expect(log.oldest(NOW)).toBeUndefined();
			expect(log.firstSince(0, NOW)).toBeUndefined();
			expect(read(log)).toEqual([]);
			log.reveal();
			expect(log.head).toBe(START + 2);
			expect(log.oldest(NOW)).toBe(START + 1);
			expect(log.firstSince(0, NOW)).toBe(START + 1);
			expect(read(log)).toEqual([1, 2]);
		});
	});

	it("hides only what came after it", async () => {
		await withLog({}, (log) => {
			publish(log, 2);
			log.append(events(3), NOW + 1000);
			expect(log.head).toBe(START + 2);
			expect(log.last).toBe(START + 5);
			expect(read(log)).toEqual([1, 2]);
			expect(log.firstSince(NOW + 1, NOW + 1000)).toBeUndefined();
		});
	});

	it("does not show an event in the place of one that it has overwritten", async () => {
		await withLog({ events: 5 }, (log) => {
			publish(log, 5);
			log.append(events(2), NOW);
			expect(log.oldest(NOW)).toBe(START + 3);
			expect(read(log)).toEqual([3, 4, 5]);
			log.append(events(5), NOW);
			expect(log.oldest(NOW)).toBeUndefined();
			expect(read(log)).toEqual([]);
			log.reveal();
			expect(read(log)).toEqual(range(8, 12));
		});
	});
});

describe("reload", () => {
	it("takes back what a transaction that was rolled back had appended", async () => {
		await withLog({}, (log, storage) => {
			publish(log, 2);
			expect(() =>
				storage.transactionSync(() => {
					log.append(events(3), NOW);
					throw new Error("no");
				}),
			).toThrow("no");
			log.reload();
			expect([log.head, log.last]).toEqual([START + 2, START + 2]);
			expect(log.append([event("again")], NOW)[0]?.offset).toBe(START + 3);
			log.reveal();
			expect(read(log)).toEqual([1, 2, 3]);
			expect([...log.read(START + 2, NOW)][0]?.data).toBe('"again"');
		});
	});

	it("takes back a birth that was rolled back, and the log can be born again", async () => {
		await withLog({}, (log, storage) => {
			expect(() =>
				storage.transactionSync(() => {
					log.append(events(3), NOW);
					throw new Error("no");
				}),
			).toThrow("no");
			log.reload();
			expect(log.isBorn).toBe(false);
			expect([log.start, log.head, log.last]).toEqual([0, 0, 0]);
			expect(log.append(events(1), NOW + 1000)[0]?.offset).toBe(START + 1_000_001);
		});
	});

	it("restores what the ring held before the transaction overwrote it", async () => {
		await withLog({ events: 3 }, (log, storage) => {
			publish(log, 3);
			expect(() =>
				storage.transactionSync(() => {
					log.append(events(2), NOW);
					expect(log.oldest(NOW)).toBe(START + 3);
					throw new Error("no");
				}),
			).toThrow("no");
			log.reload();
			expect(read(log)).toEqual([1, 2, 3]);
		});
	});
});

describe("read", () => {
	it.each([1, 2, 5, 10, 100])("gives, in order, what a ring of %i remembers after any position", async (capacity) => {
		await withLog({ events: capacity }, (log) => {
			for (let last = 1; last <= 23; last += 1) {
				publish(log, 1);
				const first = Math.max(1, last - capacity + 1);
				expect(log.oldest(NOW)).toBe(START + first);
				expect(read(log)).toEqual(range(first, last));
				for (const after of [1, last - 1, last, last + 1, last + 50].filter((position) => position > 0)) {
					expect(read(log, after)).toEqual(range(Math.max(first, after + 1), last));
				}
			}
		});
	});

	it("can be left before its end", async () => {
		await withLog({ events: 10 }, (log) => {
			publish(log, 15);
			expect([...log.read(0, NOW).take(2)].map(({ offset }) => offset)).toEqual([START + 6, START + 7]);
			expect(read(log)).toEqual(range(6, 15));
		});
	});

	it("knows nothing before the log starts and nothing after its head", async () => {
		await withLog({}, (log) => {
			publish(log, 2);
			expect([...log.read(START - 1_000_000, NOW)]).toHaveLength(2);
			expect([...log.read(Number.MAX_SAFE_INTEGER - 1, NOW)]).toEqual([]);
		});
	});

	it.each([
		["nothing but data", event()],
		["a retry", event("x", { retry: 0 })],
		["a large retry", event("x", { retry: 2_147_483_647 })],
		["a type", event("x", { type: "订单 😀" })],
		["a user", event("x", { to: { user: "o'brien\"; DROP TABLE events; --" } })],
		["claims", event("x", { to: { claims: { role: "admin", level: 3, active: true, team: null, "": "\u2028" } } })],
		["a user and claims", event("x", { to: { user: "é😀", claims: { a: "b" } } })],
	])("gives back %s as it was", async (_, stored) => {
		await withLog({}, (log) => {
			log.append([stored], NOW);
			log.reveal();
			expect([...log.read(0, NOW)]).toEqual([{ ...stored, offset: START + 1, at: NOW }]);
		});
	});

	it("does not give an event what the one before it in its slot had", async () => {
		await withLog({ events: 1 }, (log) => {
			const plain = event("plain");
			log.append([event("addressed", { type: "t", retry: 5, to: { user: "bob" } })], NOW);
			log.append([plain], NOW + 1);
			log.reveal();
			expect([...log.read(0, NOW)]).toEqual([{ ...plain, offset: START + 2, at: NOW + 1 }]);
		});
	});

	it.each([
		"",
		"'",
		'"',
		"''\"\"",
		"\\",
		"\\u0000",
		"\0",
		"a\0b",
		"\x01\x02\x1f\x7f\x80\x9f",
		"\r\n\t",
		"\u2028\u2029",
		"\ufeff",
		"\uffff",
		"\ud800",
		"é e\u0301 😀 👩‍👩‍👧",
		"%s ?1 :name $1 @x",
		"'); DROP TABLE events; --",
		"1e999",
		"9007199254740993",
		"x".repeat(65_536),
		"\0".repeat(65_536),
		{ "\0": ["'", null, 1e300, -0.5, { "": {} }] },
		1,
		null,
		false,
	])("gives back the data %j as it was, also after the object starts again", async (value) => {
		await withLog({}, (log, storage) => {
			const { data } = event(value);
			log.append([newEvent({ data })], NOW);
			log.reveal();
			for (const each of [log, new Log(storage, { events: 100, milliseconds: DAY })]) {
				const [stored] = each.read(0, NOW);
				expect(stored?.data).toBe(data);
				expect(JSON.parse(stored?.data ?? "")).toEqual(value);
			}
		});
	});
});

describe("wipe", () => {
	it("forgets all events and starts at the second that it is", async () => {
		await withLog({}, (log) => {
			publish(log, 3);
			log.wipe(NOW + 10_000);
			expect([log.start, log.head, log.last]).toEqual(Array(3).fill(START + 10_000_000));
			expect(log.oldest(NOW)).toBeUndefined();
			expect(log.firstSince(0, NOW)).toBeUndefined();
			expect(read(log)).toEqual([]);
			publish(log, 2, NOW + 10_000);
			expect(read(log)).toEqual([10_000_001, 10_000_002]);
		});
	});

	it("never goes back to an offset that was used, however soon it comes and wherever the clock is", async () => {
		await withLog({ events: 5 }, (log) => {
			const used = new Set<number>();
			for (const now of [NOW, NOW, NOW - 60_000, NOW + 1, NOW - 3_600_000, NOW]) {
				for (const { offset } of log.append(events(7), now)) {
					expect(used.has(offset)).toBe(false);
					expect(offset).toBeGreaterThan(Math.max(0, ...used));
					used.add(offset);
				}
				log.reveal();
				log.wipe(now);
				expect(used.has(log.head)).toBe(false);
			}
		});
	});

	it("is on disk: a log that starts again knows nothing of what was wiped", async () => {
		await withLog({ events: 5 }, (log, storage) => {
			publish(log, 7);
			log.wipe(NOW);
			for (const capacity of [5, 3]) {
				const again = new Log(storage, { events: capacity, milliseconds: DAY });
				expect([again.start, again.head, again.last]).toEqual([log.start, log.head, log.last]);
				expect([...again.read(0, NOW)]).toEqual([]);
			}
		});
	});

	it("leaves a log that is not born unborn", async () => {
		await withLog({}, (log) => {
			log.wipe(NOW);
			expect(log.isBorn).toBe(false);
		});
	});

	it("is taken back with its transaction", async () => {
		await withLog({}, (log, storage) => {
			publish(log, 3);
			expect(() =>
				storage.transactionSync(() => {
					log.wipe(NOW + 10_000);
					throw new Error("no");
				}),
			).toThrow("no");
			log.reload();
			expect(read(log)).toEqual([1, 2, 3]);
		});
	});
});

describe("how a log ended, and its lease", () => {
	it("are on disk", async () => {
		await withLog({}, (log, storage) => {
			publish(log, 1);
			log.setLease({ milliseconds: 5000, due: NOW });
			const again = new Log(storage, { events: 100, milliseconds: DAY });
			expect([again.ended, again.lease]).toEqual([undefined, { milliseconds: 5000, due: NOW }]);
			again.setLease({ milliseconds: 6000 });
			expect(again.lease).toEqual({ milliseconds: 6000 });
			again.reload();
			expect(again.lease).toEqual({ milliseconds: 6000 });
			again.end("abandoned");
			expect(again.ended).toBeUndefined();
			again.reveal();
			expect(again.ended).toBe("abandoned");
			expect(new Log(storage, { events: 100, milliseconds: DAY }).ended).toBe("abandoned");
		});
	});

	it("are one or the other: a log that has ended has no lease", async () => {
		await withLog({}, (log, storage) => {
			publish(log, 1);
			log.setLease({ milliseconds: 5000 });
			log.end("ended");
			log.reveal();
			log.wipe(NOW);
			expect([log.lease, new Log(storage, { events: 100, milliseconds: DAY }).lease]).toEqual([undefined, undefined]);
		});
	});

	it("leave a wiped log the lease of a publisher who is there", async () => {
		await withLog({}, (log, storage) => {
			publish(log, 1);
			log.setLease({ milliseconds: 5000 });
			log.wipe(NOW);
			for (const each of [log, new Log(storage, { events: 100, milliseconds: DAY })]) {
				expect(each.lease).toEqual({ milliseconds: 5000 });
			}
			log.setLease({ milliseconds: 5000, due: NOW });
			log.wipe(NOW);
			expect(log.lease).toBeUndefined();
		});
	});

	it("leave the head of a log without events at 0, until it has ended", async () => {
		await withLog({}, (log, storage) => {
			const again = () => new Log(storage, { events: 100, milliseconds: DAY });
			log.begin(NOW);
			log.setLease({ milliseconds: 5000 });
			expect([log.head, log.headAfter(0), log.headAfter(1)]).toEqual([0, 0, START + 1]);
			expect([again().head, again().born]).toEqual([0, 0]);
			log.end("abandoned");
			log.reveal();
			expect([log.head, again().head]).toEqual([START, START]);
		});
	});

	it("are forgotten in a wipe, so that the log begins anew", async () => {
		await withLog({}, (log, storage) => {
			publish(log, 1);
			log.setLease({ milliseconds: 5000, due: NOW });
			log.end("ended");
			log.reveal();
			log.wipe(NOW);
			for (const each of [log, new Log(storage, { events: 100, milliseconds: DAY })]) {
				expect([each.ended, each.lease]).toEqual([undefined, undefined]);
			}
		});
	});
});

describe("what is remembered by time", () => {
	it("is forgotten once it is older than the retention, to the millisecond", async () => {
		await withLog({ milliseconds: 60_000 }, (log) => {
			publish(log, 2, NOW);
			publish(log, 1, NOW + 1000);
			expect(read(log, 0, NOW + 60_000)).toEqual([1, 2, 3]);
			expect(read(log, 0, NOW + 60_001)).toEqual([3]);
			expect(log.oldest(NOW + 60_001)).toBe(START + 3);
			expect(read(log, 0, NOW + 61_000)).toEqual([3]);
			expect(read(log, 0, NOW + 61_001)).toEqual([]);
			expect(log.oldest(NOW + 61_001)).toBeUndefined();
			expect(log.firstSince(0, NOW + 61_001)).toBeUndefined();
		});
	});

	it("does not move the head, nor the offsets of what comes next", async () => {
		await withLog({ milliseconds: 60_000 }, (log, storage) => {
			publish(log, 3, NOW);
			expect(log.oldest(NOW + 3_600_000)).toBeUndefined();
			expect(log.head).toBe(START + 3);
			publish(log, 1, NOW + 3_600_000);
			expect(read(log, 0, NOW + 3_600_000)).toEqual([4]);
			const again = new Log(storage, { events: 100, milliseconds: 60_000 });
			expect(read(again, 0, NOW + 3_600_000)).toEqual([4]);
		});
	});

	it("stays forgotten when the clock goes back", async () => {
		await withLog({ milliseconds: 60_000 }, (log) => {
			publish(log, 2, NOW);
			publish(log, 1, NOW + 30_000);
			expect(log.oldest(NOW + 60_001)).toBe(START + 3);
			expect(log.oldest(NOW)).toBe(START + 3);
		});
	});

	it("comes on top of what the ring remembers", async () => {
		await withLog({ milliseconds: 60_000, events: 3 }, (log) => {
			publish(log, 5, NOW);
			publish(log, 1, NOW + 30_000);
			expect(read(log, 0, NOW + 30_000)).toEqual([4, 5, 6]);
			expect(read(log, 0, NOW + 60_001)).toEqual([6]);
		});
	});
});

describe("firstSince", () => {
	it("is the first event of that time or later that is remembered", async () => {
		await withLog({ events: 3, milliseconds: 60_000 }, (log) => {
			for (const second of [0, 1, 2, 3, 4]) publish(log, 1, NOW + second * 1000);
			const firstSince = (time: number, now = NOW + 4000) => (log.firstSince(time, now) ?? Number.NaN) - START;
			expect(firstSince(0)).toBe(3);
			expect(firstSince(NOW + 2000)).toBe(3);
			expect(firstSince(NOW + 2001)).toBe(4);
			expect(firstSince(NOW + 4000)).toBe(5);
			expect(firstSince(NOW + 4001)).toBeNaN();
			expect(firstSince(0, NOW + 63_001)).toBe(5);
		});
	});

	it("is the first of several events of one time", async () => {
		await withLog({}, (log) => {
			publish(log, 3);
			expect(log.firstSince(NOW, NOW)).toBe(START + 1);
		});
	});
});

describe("a changed number of remembered events", () => {
	it.each([
		["shrinks", 10, 4],
		["shrinks to one", 10, 1],
		["grows", 4, 10],
		["grows by one", 4, 5],
		["grows from one", 1, 100],
		["grows past all that was ever published", 10, 1000],
		["stays", 10, 10],
	])("trims no more than has to be when it %s", async (_, before, after) => {
		await withStorage((storage) => {
			const old = new Log(storage, { events: before, milliseconds: DAY });
			for (const __ of range(1, 25)) publish(old, 1);
			const log = new Log(storage, { events: after, milliseconds: DAY });
			const first = 25 - Math.min(before, after) + 1;
			expect([log.start, log.head, log.last]).toEqual([START, START + 25, START + 25]);
			expect(log.oldest(NOW)).toBe(START + first);
			expect(log.firstSince(0, NOW)).toBe(START + first);
			expect(read(log)).toEqual(range(first, 25));
			publish(log, 3);
			expect(read(log)).toEqual(range(Math.max(first, 28 - after + 1), 28));
			publish(log, 2 * after);
			const last = 28 + 2 * after;
			expect(read(log)).toEqual(range(last - after + 1, last));
		});
	});

	it("keeps what there is when there is room left", async () => {
		await withStorage((storage) => {
			publish(new Log(storage, { events: 10, milliseconds: DAY }), 3);
			for (const capacity of [20, 5, 2, 10]) {
				const log = new Log(storage, { events: capacity, milliseconds: DAY });
				expect(read(log)).toEqual(capacity === 20 || capacity === 5 ? [1, 2, 3] : [2, 3]);
			}
		});
	});

	it("is taken up by a log that has no events", async () => {
		await withStorage((storage) => {
			const wiped = new Log(storage, { events: 10, milliseconds: DAY });
			publish(wiped, 1);
			wiped.wipe(NOW);
			const log = new Log(storage, { events: 3, milliseconds: DAY });
			expect(log.start).toBe(wiped.start);
			publish(log, 5);
			expect(read(log)).toEqual([3, 4, 5].map((offset) => wiped.start - START + offset));
		});
	});

	it("does not bring back what was trimmed, though it may be on disk still", async () => {
		await withStorage((storage) => {
			publish(new Log(storage, { events: 10, milliseconds: DAY }), 25);
			expect(read(new Log(storage, { events: 3, milliseconds: DAY }))).toEqual(range(23, 25));
			const log = new Log(storage, { events: 100, milliseconds: DAY });
			expect(read(log)).toEqual(range(23, 25));
			publish(log, 120);
			publish(log, 1);
			expect(read(new Log(storage, { events: 200, milliseconds: DAY }))).toEqual(range(47, 146));
		});
	});

	it("is written down once", async () => {
		await withStorage((storage) => {
			publish(new Log(storage, { events: 10, milliseconds: DAY }), 25);
			const { storage: counting, rowsWritten } = counted(storage);
			new Log(counting, { events: 4, milliseconds: DAY });
			new Log(counting, { events: 4, milliseconds: DAY });
			expect(rowsWritten()).toBe(1);
		});
	});
});
