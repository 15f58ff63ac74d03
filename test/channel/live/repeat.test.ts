import { describe, expect, it } from "vitest";
import { Repeat } from "../../../src/channel/live/repeat.ts";
import type { LiveProgress } from "../../../src/log/live-keys.ts";
import { newEvent } from "../../support/events.ts";

const EVENTS = ["1", "2", "3", "4"].map((data) => newEvent({ data }));

/** What is stored once so many events are. */
async function progress(events: number): Promise<LiveProgress> {
	const repeat = new Repeat(undefined);
	await repeat.pass(EVENTS.slice(0, events));
	return { digest: repeat.digestUpTo(undefined), events, first: "1", last: String(events), hasEnded: false };
}

describe("a repeat", () => {
	it("passes over what is stored, however the events come together", async () => {
		for (const stored of [0, 1, 2, 3, 4]) {
			for (const size of [1, 2, 3, 4]) {
				const repeat = new Repeat(await progress(stored));
				const fresh = [];
				for (let at = 0; at < EVENTS.length; at += size)
					fresh.push(...(await repeat.pass(EVENTS.slice(at, at + size))));
				repeat.end();
				expect(fresh).toEqual(EVENTS.slice(stored));
			}
		}
	});

	it("digests the events up to each one, so that they may be stored in any groups", async () => {
		const repeat = new Repeat(undefined);
		await repeat.pass(EVENTS);
		for (const [index, event] of EVENTS.entries()) {
			expect(repeat.digestUpTo(event)).toBe((await progress(index + 1)).digest);
		}
	});

	it("is refused once its events are others, and where it has fewer", async () => {
		const others = new Repeat(await progress(2));
		await others.pass([newEvent({ data: "other" })]);
		await expect(others.pass(EVENTS.slice(1))).rejects.toThrow("idempotency_mismatch");
		const fewer = new Repeat(await progress(2));
		await fewer.pass(EVENTS.slice(0, 1));
		expect(() => fewer.end()).toThrow("idempotency_mismatch");
	});
});
