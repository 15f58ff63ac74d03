import { describe, expect, it } from "vitest";
import { Starts } from "../../src/log/starts.ts";
import type { Subscription } from "../../src/wire/subscription.ts";
import { NOW, publish, START, withLog } from "../support/log.ts";
import { subscriptionOf } from "../support/subscription.ts";

/** A client that has read up to an event, counted from the start of the log. */
function at(event: number, rest: Partial<Subscription> = {}): Subscription {
	const position = START + event;
	return subscriptionOf({ cursor: `${position}`, position, ...rest });
}

/** Runs a test on a log that retains the last 3 of 5 events, the last of which ended it unless `isOpen`. */
function withStarts(test: (starts: Starts) => void, isOpen = false): Promise<void> {
	return withLog({ events: 3 }, (log) => {
		publish(log, 5);
		if (!isOpen) log.transaction(() => log.end("ended"));
		log.reveal();
		test(new Starts("orders", log));
	});
}

describe("where a stream starts", () => {
	it("is its cursor, a rewind or the head", async () => {
		await withStarts((starts) => {
			expect(starts.find(at(3), NOW)).toEqual({ position: START + 3, cursor: START + 3, resumed: true });
			expect(starts.find(subscriptionOf({ rewind: 2 }), NOW).position).toBe(START + 3);
			expect(starts.find(subscriptionOf({ since: NOW }), NOW).position).toBe(START + 2);
			expect(starts.find(subscriptionOf({ since: NOW + 1 }), NOW).position).toBe(START + 5);
			expect(starts.find(subscriptionOf(), NOW).position).toBe(START + 5);
		});
	});

	it("comes with a gap where events are gone", async () => {
		await withStarts((starts) => {
			const oldest = `${START + 3}`;
			expect(starts.find(at(1), NOW).gap).toEqual({ after: `${START + 1}`, oldest, reason: "trimmed" });
		});
	});

	it("is refused to a client that cannot be told of the gap, which learns what it can do", async () => {
		await withStarts((starts) => {
			const find = (event: number) => () => starts.find(at(event, { gaps: "refused" }), NOW);
			expect(find(1)).toThrow(`forgotten events after your cursor ${START + 1}. The oldest event`);
			expect(find(9)).toThrow("Your cursor is not one of the channel orders. The oldest event");
			expect(find(2)).not.toThrow();
			expect(starts.find(at(1, { gaps: "ignored" }), NOW).position).toBe(START + 2);
		});
	});

	it("is refused with other advice where nothing is remembered", async () => {
		await withLog({ milliseconds: 1000 }, (log) => {
			publish(log, 1);
			const starts = new Starts("orders", log);
			expect(() => starts.find(at(0, { gaps: "refused" }), NOW + 2000)).toThrow("remembers no events: start live");
		});
	});
});

describe("the end, for a client that asks not to be given an empty stream", () => {
	const ask = { unlessAtEnd: true };

	it("is told where its cursor is at the end", async () => {
		await withStarts((starts) => {
			expect(starts.endFor(at(5, ask), NOW)).toBe("ended");
			expect(starts.endFor(at(4, ask), NOW)).toBeUndefined();
			expect(starts.endFor(subscriptionOf(ask), NOW)).toBeUndefined();
			expect(starts.endFor(at(5), NOW)).toBeUndefined();
		});
	});

	it("is told to a plain stream also where none of the events that are left is for it", async () => {
		const plain = { ...ask, gaps: "ignored" } as const;
		await withStarts((starts) => {
			expect([
				starts.endFor(at(4, { ...plain, types: ["other"] }), NOW),
				starts.endFor(at(4, plain), NOW),
				starts.endFor(at(0, { ...plain, gaps: "refused", types: ["other"] }), NOW),
				starts.endFor(at(4, { ...ask, types: ["other"] }), NOW),
			]).toEqual(["ended", undefined, undefined, undefined]);
		});
	});

	it("is none while the channel goes on", async () => {
		await withStarts((starts) => expect(starts.endFor(at(5, ask), NOW)).toBeUndefined(), true);
	});
});
