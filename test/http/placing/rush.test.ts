import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Rush } from "../../../src/http/placing/rush.ts";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"], now: 0 });
});

afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

/** Newcomers that all come at once: where each of them goes, in the order in which they are told. */
function comers(rush: Rush, count: number): (string | undefined)[] {
	const told: (string | undefined)[] = [];
	for (let comer = 0; comer < count; comer += 1) void rush.next().then((relay) => told.push(relay));
	return told;
}

async function settled(): Promise<void> {
	for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

describe("a rush of newcomers", () => {
	it("asks the origin with two of them, and the others go where those are sent, as many as the answer is good for", async () => {
		const rush = new Rush();
		const told = comers(rush, 10);
		await settled();
		expect(told).toEqual([undefined, undefined]);
		rush.answered({ relay: "2", share: 4 });
		await settled();
		// Three more at the relay, and one more question.
		expect(told).toEqual([undefined, undefined, "2", "2", "2", undefined]);
		rush.answered({ relay: "3", share: 50 });
		await settled();
		expect(told.slice(6)).toEqual(["3", "3", "3", "3"]);
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
		expect(new Set(told)).toEqual(new Set([undefined]));
	});

	it("waits two seconds at most for an answer: those who asked may have left", async () => {
		const rush = new Rush();
		vi.spyOn(scheduler, "wait").mockImplementation(async (milliseconds) => {
			vi.setSystemTime(Date.now() + milliseconds);
		});
		const told = comers(rush, 4);
		await settled();
		expect(told).toEqual([undefined, undefined, undefined, undefined]);
		expect(Date.now()).toBe(2000);
	});
});

describe("a relay that newcomers were sent to", () => {
	it("is remembered for five seconds", async () => {
		const rush = new Rush();
		rush.sentOn({ relay: "2", share: 100 });
		vi.setSystemTime(4999);
		expect(await rush.next()).toBe("2");
		vi.setSystemTime(5000);
		expect(await rush.next()).toBeUndefined();
	});

	it("is forgotten when it cannot be reached, and when the origin has room again", async () => {
		const rush = new Rush();
		rush.sentOn({ relay: "2", share: 100 });
		rush.lost("1");
		expect(await rush.next()).toBe("2");
		rush.lost("2");
		expect(await rush.next()).toBeUndefined();
		rush.sentOn({ relay: "2", share: 100 });
		rush.sentOn({ share: 1 });
		expect(await rush.next()).toBeUndefined();
	});
});
