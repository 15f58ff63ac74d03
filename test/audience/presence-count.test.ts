import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PresenceCount } from "../../src/audience/presence-count.ts";
import type { Roster } from "../../src/audience/roster.ts";
import type { Subscriber } from "../../src/audience/subscriber.ts";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
});

afterEach(() => {
	vi.useRealTimers();
});

/** A stream that asked for presence, and what it is told. */
function watcherOf(told: unknown[]): Subscriber {
	return { isBacklogFull: false, outlet: { isResponse: false }, tell: told.push.bind(told) } as unknown as Subscriber;
}

function countOf(watchers: Subscriber[]) {
	const online = { online: 1 };
	const roster = { presence: online, observers: new Set(watchers) } as unknown as Roster;
	const due = vi.fn();
	const count = new PresenceCount({ roster, tell: (subscriber, message, now) => subscriber.tell(message, now), due });
	return { count, due, online };
}

/** The numbers that a stream was told. */
const numbers = (told: unknown[]) =>
	told.flatMap((each) => (typeof each === "object" ? (each as { count: number }).count : []));

describe("how many are there", () => {
	it("is told a new stream at once, and everybody at the next change", async () => {
		const told: unknown[] = [];
		const watcher = watcherOf(told);
		const { count, online } = countOf([watcher]);
		count.greet(watcher, Date.now());
		vi.advanceTimersByTime(1000);
		online.online = 2;
		expect(await count.tell()).toBe(1);
		expect(numbers(told)).toEqual([1, 2]);
	});

	it("is told a stream once a second at most, and then the last of the numbers", async () => {
		const told: unknown[] = [];
		const watcher = watcherOf(told);
		const { count, due, online } = countOf([watcher]);
		count.greet(watcher, Date.now());
		for (const number of [2, 3, 4]) {
			online.online = number;
			expect(await count.tell()).toBe(0);
		}
		expect(count.isDue).toBe(false);
		vi.advanceTimersByTime(1000);
		expect(due).toHaveBeenCalledTimes(1);
		expect(count.isDue).toBe(true);
		await count.tell();
		expect(count.isDue).toBe(false);
		expect(numbers(told)).toEqual([1, 4]);
	});

	it("is not told again where it is the same", async () => {
		const told: unknown[] = [];
		const watcher = watcherOf(told);
		const { count, due } = countOf([watcher]);
		count.greet(watcher, Date.now());
		expect(await count.tell()).toBe(0);
		vi.advanceTimersByTime(10_000);
		expect(due).not.toHaveBeenCalled();
		expect(numbers(told)).toEqual([1]);
	});

	it("is told later to a stream whose backlog is full", async () => {
		const told: unknown[] = [];
		const watcher = watcherOf([]);
		Object.assign(watcher, { isBacklogFull: true });
		const { count, due } = countOf([watcher]);
		await count.tell();
		vi.advanceTimersByTime(1000);
		expect(due).toHaveBeenCalledTimes(1);
		Object.assign(watcher, { isBacklogFull: false, tell: told.push.bind(told) });
		await count.tell();
		expect(numbers(told)).toEqual([1]);
	});

	it("is told again after streams have joined anew, since some may not have come back", async () => {
		const told: unknown[] = [];
		const { count, due } = countOf([watcherOf(told)]);
		for (let stream = 0; stream < 3; stream += 1) count.rejoined();
		vi.advanceTimersByTime(1000);
		expect(due).toHaveBeenCalledTimes(1);
		await count.tell();
		expect(numbers(told)).toEqual([1]);
	});
});
