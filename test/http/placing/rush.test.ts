import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Rush, type Way } from "../../../src/http/placing/rush.ts";

let looks: (() => void)[];

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"], now: 0 });
	looks = [];
	vi.spyOn(scheduler, "wait").mockImplementation(() => new Promise((resolve) => looks.push(resolve)));
});

afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

/** Newcomers that all come at once: where each of them goes, in the order in which they are told. */
function comers(rush: Rush, count: number): Way[] {
	const told: Way[] = [];
	for (let comer = 0; comer < count; comer += 1) void rush.next().then((way) => told.push(way));
	return told;
}

/** Lets everybody who waits look once. */
async function settled(): Promise<void> {
	for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
	const waiting = looks.splice(0);
	vi.setSystemTime(Date.now() + 20);
	for (const look of waiting) look();
	for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

const two = { relay: "2" };
const three = { relay: "3" };

describe("a rush of newcomers", () => {
	it("asks the origin with two of them, and the others go where those are sent, as many as the answer is good for", async () => {
		const rush = new Rush();
		const told = comers(rush, 10);
		await settled();
		expect(told).toEqual([{ wanted: 1 }, { wanted: 1 }]);
		rush.answered({ relay: "2", share: 4 });
		await settled();
		// Three more at the relay, and a question for the five who still wait, one of whom was asked for already.
		expect(told.slice(2)).toEqual([two, two, two, { wanted: 4 }]);
		rush.answered({ relay: "3", share: 50 });
		await settled();
		expect(told.slice(6)).toEqual([three, three, three, three]);
	});

	it("asks for a hundred at most", async () => {
		const rush = new Rush();
		const told = comers(rush, 300);
		await settled();
		rush.answered({ relay: "2", share: 1 });
		await settled();
		expect(told.slice(2)).toEqual([{ wanted: 100 }]);
	});

	it("asks with more and more of them while the origin opens their streams itself", async () => {
		const rush = new Rush();
		const told = comers(rush, 20);
		await settled();
		expect(told).toHaveLength(2);
		rush.answered(undefined);
		await settled();
		expect(told).toHaveLength(5);
		rush.answered(undefined);
		await settled();
		expect(told).toHaveLength(10);
		expect(told.every((way) => "wanted" in way)).toBe(true);
	});

	it("asks again after five seconds without an answer: those who asked may have left", async () => {
		const rush = new Rush();
		const told = comers(rush, 4);
		await settled();
		expect(told).toHaveLength(2);
		vi.setSystemTime(4900);
		await settled();
		expect(told).toHaveLength(2);
		vi.setSystemTime(5000);
		await settled();
		expect(told).toHaveLength(4);
	});

	it("waits ten seconds at most, however long the questions of others are under way", async () => {
		const rush = new Rush();
		comers(rush, 2);
		const told = comers(rush, 1);
		for (const now of [4900, 9900]) {
			vi.setSystemTime(now);
			rush.ask();
			rush.ask();
			await settled();
			expect(told).toHaveLength(0);
		}
		vi.setSystemTime(10_000);
		await settled();
		expect(told).toEqual([{ wanted: 1 }]);
	});
});

describe("a relay that newcomers were sent to", () => {
	it("is remembered for five seconds", async () => {
		const rush = new Rush();
		rush.answered({ relay: "2", share: 100 });
		vi.setSystemTime(4999);
		expect(await rush.next()).toEqual(two);
		vi.setSystemTime(5000);
		expect(await rush.next()).toEqual({ wanted: 1 });
	});

	it("is forgotten when it is full or cannot be reached", async () => {
		const rush = new Rush();
		rush.answered({ relay: "2", share: 100 });
		rush.forget("1");
		expect(await rush.next()).toEqual(two);
		rush.forget("2");
		expect(await rush.next()).toEqual({ wanted: 1 });
	});
});
