import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Gathering } from "../../src/channel/gathering.ts";

/** What ends the wait under way. */
let next: () => void = () => undefined;

beforeEach(() => {
	vi.spyOn(scheduler, "wait").mockImplementation(() => new Promise((resolve) => (next = resolve)));
});

afterEach(() => {
	vi.restoreAllMocks();
});

/** Whether a wait has ended once everything was done that needs no time. */
async function hasEnded(wait: Promise<void> | undefined): Promise<boolean> {
	let isOver = false;
	void wait?.then(() => (isOver = true));
	for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
	return isOver;
}

describe("publishes over WebSockets", () => {
	it("are waited for while messages come", async () => {
		const gathering = new Gathering(7);
		gathering.came();
		const wait = gathering.begin();
		gathering.came();
		next();
		expect(await hasEnded(wait)).toBe(false);
		next();
		expect(await hasEnded(wait)).toBe(true);
	});

	it("are waited for again after more have come, and else after a while", async () => {
		const gathering = new Gathering(7);
		gathering.came();
		const first = gathering.begin();
		gathering.came();
		next();
		await hasEnded(first);
		next();
		await hasEnded(first);
		gathering.came();
		const second = gathering.begin();
		next();
		expect(await hasEnded(second)).toBe(true);
		for (let group = 0; group < 7; group += 1) {
			gathering.came();
			expect(gathering.begin()).toBeUndefined();
		}
		gathering.came();
		expect(gathering.begin()).toBeInstanceOf(Promise);
	});

	it("are not waited for where none have come: others publish with requests", () => {
		expect(new Gathering(7).begin()).toBeUndefined();
	});

	it("are waited for until a group is full", async () => {
		const gathering = new Gathering(7);
		gathering.came();
		const wait = gathering.begin();
		for (let message = 0; message < 500; message += 1) gathering.came();
		next();
		expect(await hasEnded(wait)).toBe(true);
	});

	it("are waited for each time, where no group is to be formed without", async () => {
		const gathering = new Gathering(0);
		for (let group = 0; group < 2; group += 1) {
			gathering.came();
			const wait = gathering.begin();
			next();
			expect(await hasEnded(wait)).toBe(true);
		}
	});
});
