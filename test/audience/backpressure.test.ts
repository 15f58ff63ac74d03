import { afterEach, describe, expect, it, vi } from "vitest";
import { Backpressure } from "../../src/audience/backpressure.ts";
import type { Roster } from "../../src/audience/roster.ts";
import { storedEvent } from "../support/events.ts";

afterEach(() => void vi.restoreAllMocks());

const MAX_BACKLOG_BYTES = 1000;

/** How many streams somebody leads to, and how much of what was sent to them has not arrived. */
type Backlog = [streams: number, unsentBytes: number];

/** How often publishers pause, while all backlogs shrink by 10 % a pause if `isMoving`. */
async function pausesAt(backlogs: Backlog[], isMoving = false): Promise<number> {
	let pauses = 0;
	const outlets = backlogs.map(([streams, unsentBytes]) => ({ streams, outlet: { unsentBytes } }));
	vi.spyOn(scheduler, "wait").mockImplementation(async () => {
		pauses += 1;
		if (isMoving) for (const { outlet } of outlets) outlet.unsentBytes *= 0.9;
	});
	const subscription = { maxBacklogBytes: MAX_BACKLOG_BYTES };
	const roster = {
		everybody: () => outlets.map((each) => ({ ...each, subscription })),
		headcount: { streams: backlogs.reduce((sum, [streams]) => sum + streams, 0) },
	} as unknown as Roster;
	const backpressure = new Backpressure(roster, MAX_BACKLOG_BYTES);
	backpressure.delivered([storedEvent({ data: `"${"x".repeat(MAX_BACKLOG_BYTES)}"` })]);
	await backpressure.room();
	return pauses;
}

const few = (streams: number, unsentBytes: number): Backlog[] =>
	Array.from({ length: streams }, () => [1, unsentBytes]);

describe("publishers", () => {
	it("are not held back by a few slow consumers", async () => {
		expect(await pausesAt(few(16, 900))).toBe(0);
		expect(await pausesAt([...few(25, 900), ...few(75, 0)])).toBe(0);
	});

	it("are held back while the channel is slow, and for half a second where nothing moves", async () => {
		expect(await pausesAt([...few(26, 900), ...few(74, 0)])).toBe(50);
		expect(await pausesAt(few(100, 900), true)).toBe(19);
	});

	it("are held back by a relay as by all of its streams", async () => {
		expect(await pausesAt([[1000, 126], ...few(1000, 0)], true)).toBe(1);
		expect(await pausesAt([[1000, 126], ...few(3000, 0)])).toBe(0);
		expect(await pausesAt([[1000, 124], ...few(10, 0)])).toBe(0);
	});
});
