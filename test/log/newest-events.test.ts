import { describe, expect, it } from "vitest";
import { NewestEvents } from "../../src/log/newest-events.ts";
import { storedEvent } from "../support/events.ts";
import { range } from "../support/log.ts";

/** Events of some size, one a second. */
function eventsOf(first: number, last: number, characters = 1) {
	return range(first, last).map((offset) =>
		storedEvent({ offset, at: offset * 1000, data: `"${"x".repeat(characters)}"` }),
	);
}

/** The offsets of those that are kept, from an offset on. */
function kept(newest: NewestEvents, offset: number): number[] {
	return [...newest.from(offset)].map((event) => event.offset);
}

describe("the newest events", () => {
	it("are read from any offset on", () => {
		const newest = new NewestEvents();
		expect([newest.first, ...kept(newest, 5)]).toEqual([undefined]);
		newest.append(eventsOf(5, 7));
		newest.append(eventsOf(8, 9));
		expect(newest.first).toBe(5);
		expect(kept(newest, 5)).toEqual([5, 6, 7, 8, 9]);
		expect(kept(newest, 8)).toEqual([8, 9]);
		expect(kept(newest, 10)).toEqual([]);
	});

	it("take some megabytes at most: the oldest are dropped, but never the last", () => {
		const newest = new NewestEvents();
		newest.append(eventsOf(1, 10, 1_000_000));
		expect(kept(newest, newest.first ?? 0)).toEqual([7, 8, 9, 10]);
		newest.append(eventsOf(11, 11, 5_000_000));
		expect(kept(newest, newest.first ?? 0)).toEqual([11]);
		newest.append(eventsOf(12, 13));
		expect(kept(newest, newest.first ?? 0)).toEqual([12, 13]);
	});

	it("count what each takes besides its data, so that many small ones are bounded too", () => {
		const newest = new NewestEvents();
		newest.append(eventsOf(1, 40_000));
		expect(kept(newest, newest.first ?? 0).length).toBeLessThan(33_000);
	});

	it("know from which one on they are young enough, and nothing of those before the first", () => {
		const newest = new NewestEvents();
		expect(newest.retainedFrom(1000)).toBeUndefined();
		newest.append(eventsOf(5, 9));
		expect([4000, 5000, 5001, 8000, 9001].map((time) => newest.retainedFrom(time))).toEqual([
			undefined,
			undefined,
			6,
			8,
			10,
		]);
	});

	it("begin anew after they were cleared", () => {
		const newest = new NewestEvents();
		newest.append(eventsOf(1, 4, 1_000_000));
		newest.clear();
		expect(newest.first).toBeUndefined();
		newest.append(eventsOf(20, 23, 1_000_000));
		expect(kept(newest, 20)).toEqual([20, 21, 22, 23]);
	});
});
