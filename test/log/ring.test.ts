import { describe, expect, it } from "vitest";
import { Log } from "../../src/log/log.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import { counted, DAY, event, events, NOW, publish, range, read, START, withLog, withStorage } from "../support/log.ts";
import { fc } from "../support/property.ts";

function rowsOf({ sql }: DurableObjectStorage): { first: number; last: number }[] {
	return sql
		.exec<{ first: number; last: number }>(
			"SELECT first - ? AS first, last - ? AS last FROM event_groups",
			START,
			START,
		)
		.toArray();
}

/** What may be done to a log. */
const act = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ append: fc.nat({ max: 12 }), isRolledBack: fc.boolean() }) },
	{ weight: 1, arbitrary: fc.record({ append: fc.constant(3), isLarge: fc.constant(true) }) },
	{ weight: 3, arbitrary: fc.record({ wait: fc.constantFrom(1, 500, 1001, 5000) }) },
	{ weight: 1, arbitrary: fc.record({ wipe: fc.constant(true) }) },
	{ weight: 1, arbitrary: fc.record({ restart: fc.constant(true) }) },
);

describe("a ring", () => {
	it.each([1, 7, 100])("of %i events is a list of the newest, whatever is done to it", async (capacity) => {
		const retention = { events: capacity, milliseconds: 2000 };
		const acts = fc.array(act, { maxLength: 40 });
		await fc.assert(
			fc.asyncProperty(acts, fc.nat(), async (list, seed) => {
				await withLog(retention, (first, storage) => {
					let log = first;
					let now = NOW;
					let all: StoredEvent[] = [];
					for (const each of list) {
						if ("append" in each) {
							const size = "isLarge" in each ? 150_000 : 1;
							const added = range(1, each.append).map((place) => event(`${now} ${place} ${"x".repeat(size)}`));
							if ("isRolledBack" in each && each.isRolledBack) {
								const work = () => {
									log.append(added, now);
									throw new Error("no");
								};
								expect(() => log.transaction(work)).toThrow("no");
							} else {
								all.push(...log.transaction(() => log.append(added, now)));
								log.reveal();
							}
						}
						if ("wait" in each) now += each.wait;
						if ("wipe" in each) {
							log.wipe(now);
							all = [];
						}
						if ("restart" in each) log = new Log(storage, retention);

						const kept = all.slice(-capacity).filter(({ at }) => at >= now - 2000);
						const after = kept[seed % (kept.length + 1)]?.offset ?? 0;
						const since = now - (seed % 2500);
						expect(log.oldest(now)).toBe(kept[0]?.offset);
						expect([...log.read(after, now)]).toEqual(kept.filter(({ offset }) => offset > after));
						expect([...log.read(0, now)]).toEqual(kept);
						expect(log.firstSince(since, now)).toBe(kept.find(({ at }) => at >= since)?.offset);
					}
				});
			}),
			{ numRuns: 30 },
		);
	});
});

describe("the rows of a ring", () => {
	it("are used again as soon as all of their events are trimmed, whether by number or by time", async () => {
		await withLog({ events: 10, milliseconds: 60_000 }, (log, storage) => {
			for (const count of [4, 4, 4, 4]) publish(log, count);
			expect(rowsOf(storage)).toEqual([
				{ first: 5, last: 8 },
				{ first: 9, last: 12 },
				{ first: 13, last: 16 },
			]);
			publish(log, 1, NOW + 60_001);
			publish(log, 1, NOW + 60_001);
			expect(rowsOf(storage)).toEqual([
				{ first: 13, last: 16 },
				{ first: 17, last: 17 },
				{ first: 18, last: 18 },
			]);
			// A clock that goes back does not bring back what was overwritten.
			expect(read(log, 0, NOW)).toEqual(range(13, 18));
		});
	});

	it("are no more than the events that are remembered, whatever the sizes of groups", async () => {
		await withLog({ events: 50 }, (log, storage) => {
			for (let round = 0; round < 20; round += 1) {
				for (const count of [100, 1, 1, 30, ...new Array(60).fill(1), 7]) publish(log, count);
				expect(rowsOf(storage).length).toBeLessThanOrEqual(51);
			}
			expect(read(log)).toHaveLength(50);
		});
	});

	it("take no more of the disk than the events that are remembered, when groups are large", async () => {
		await withLog({ events: 100 }, (log, storage) => {
			const batch = new Array(100).fill(event("x".repeat(10_000)));
			for (let times = 0; times < 100; times += 1) log.append(batch, NOW);
			expect(storage.sql.databaseSize).toBeLessThan(4_000_000);
		});
	});

	it("are removed, some with each write, when far fewer events are to be remembered than before", async () => {
		await withStorage((storage) => {
			const { storage: counting, rowsWritten } = counted(storage);
			publishAlone(new Log(storage, { events: 2000, milliseconds: DAY }), 1500);
			const log = new Log(counting, { events: 10, milliseconds: DAY });
			const counts: number[] = [];
			for (let times = 0; times < 40; times += 1) {
				const before = rowsWritten();
				publish(log, 1);
				counts.push(rowsWritten() - before);
			}
			expect(counts.slice(0, 20)).toEqual(new Array(20).fill(65));
			expect(counts.slice(-15)).toEqual(new Array(15).fill(1));
			expect(rowsOf(storage).length).toBeLessThan(50);
			expect(read(log)).toEqual(range(1531, 1540));
		});
	});
});

/** The events of a group where a log is filled with many. */
const GROUP = 25;

describe("the rows read", () => {
	it("are a handful for a log of any length, when it is loaded, resumed and searched", async () => {
		const counts: Record<string, number>[] = [];
		for (const length of [100, 10_000, 100_000]) {
			await withStorage((storage) => {
				const retention = { events: length, milliseconds: DAY };
				const filled = new Log(storage, retention);
				const batch = events(GROUP);
				for (let at = 0; at < length; at += GROUP) filled.append(batch, NOW + at);
				const now = NOW + length;
				const { storage: counting, rowsRead } = counted(storage);
				let before = 0;
				const since = () => {
					const rows = rowsRead() - before;
					before += rows;
					return rows;
				};
				const log = new Log(counting, retention);
				const load = since();
				expect(log.oldest(now)).toBe(START + 1);
				const oldest = since();
				expect(read(log, length - 5, now)).toEqual(range(length - 4, length));
				const resume = since();
				publish(log, 1, now);
				const append = since();
				const middle = NOW + length / 2;
				expect(log.firstSince(middle, now)).toBe(START + length / 2 + 1);
				const search = since();
				// Three quarters of the events have expired.
				expect(log.oldest(NOW + DAY + length * 0.75)).toBe(START + length * 0.75 + 1);
				const expired = since();
				counts.push({ load, oldest, resume, append });
				expect(search).toBeLessThan(20);
				expect(expired).toBeLessThan(20);
			});
		}
		expect(counts).toEqual(new Array(3).fill({ load: 5, oldest: 1, resume: 2, append: 1 }));
	});

	it("are those of the log once, however many readers begin at positions of their own", async () => {
		await withStorage((storage) => {
			const retention = { events: 10_000, milliseconds: DAY };
			publishAlone(new Log(storage, retention), 5000);
			const { storage: counting, rowsRead } = counted(storage);
			const log = new Log(counting, retention);
			for (let reader = 0; reader < 1000; reader += 1) {
				const after = (reader * 7919) % 5000;
				expect([...log.read(START + after, NOW).take(50)][0]?.offset).toBe(START + after + 1);
			}
			expect(rowsRead()).toBeLessThan(2.5 * 5000);
		});
	});
});

/** Appends events in groups of their own. */
function publishAlone(log: Log, count: number): void {
	for (let place = 0; place < count; place += 1) log.append([event(place)], NOW);
	log.reveal();
}
