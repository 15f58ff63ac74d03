import { describe, expect, it } from "vitest";
import { Pacing } from "../../src/audience/pacing.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import { storedEvent } from "../support/events.ts";

let offset = 0;

function event(data = '"x"'): StoredEvent {
	offset += 1;
	return storedEvent({ offset, data });
}

/** A pacing, and what left together. */
function pacingOf(streams: number) {
	const left: number[] = [];
	return {
		left,
		pacing: new Pacing(
			() => streams,
			(events) => void left.push(events.length),
		),
	};
}

describe("events", () => {
	it("that come alone leave at once", async () => {
		const { left, pacing } = pacingOf(200);
		pacing.push([event()]);
		expect(left).toEqual([1]);
		await scheduler.wait(40);
		pacing.push([event(), event()]);
		expect(left).toEqual([1, 2]);
	});

	it("leave at once after a publish that has stored nothing", () => {
		const { left, pacing } = pacingOf(10_000);
		pacing.push([]);
		pacing.push([event()]);
		expect(left).toEqual([1]);
	});

	it("that follow closely leave together, in order, and none is left behind", async () => {
		const { left, pacing } = pacingOf(200);
		for (let count = 0; count < 10; count += 1) pacing.push([event()]);
		expect(left).toEqual([1]);
		await expect.poll(() => left).toEqual([1, 9]);
		await scheduler.wait(40);
		expect(left).toEqual([1, 9]);
	});

	it("wait longer for each other while the channel is busy, and no longer than its pace", async () => {
		const times: number[] = [];
		const pacing = new Pacing(
			() => 800,
			() => void times.push(performance.now()),
		);
		while (times.length < 6) {
			pacing.push([event()]);
			await scheduler.wait(1);
		}
		const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
		// 20, 40, 80, 80 and 80 ms, and what the timers take.
		for (const [index, least] of [20, 40, 80, 80, 80].entries())
			expect(pauses[index]).toBeGreaterThanOrEqual(least - 2);
	});

	it("leave one by one where there are so few streams that it costs nothing", () => {
		const { left, pacing } = pacingOf(5);
		for (let count = 0; count < 3; count += 1) pacing.push([event()]);
		expect(left).toEqual([1, 1, 1]);
	});

	it("do not wait for others when they are large", () => {
		const { left, pacing } = pacingOf(200);
		const data = JSON.stringify("x".repeat(70_000));
		for (let count = 0; count < 5; count += 1) pacing.push([event(data)]);
		expect(left).toEqual([1, 2, 2]);
	});
});
