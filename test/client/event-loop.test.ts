import { describe, expect, it } from "vitest";
import { EventLoop } from "../../src/client/event-loop.ts";

/** Whether the reader is found to have done with its events, now. */
async function isDone(loop: EventLoop<number>): Promise<boolean> {
	let isDone = false;
	void loop.finished().then((done) => {
		isDone = done;
	});
	await new Promise((resolve) => setTimeout(resolve, 5));
	return isDone;
}

describe("a loop over events", () => {
	it("gets them in order, those that came before and those that it waits for", async () => {
		const loop = new EventLoop<number>(() => {});
		loop.push(1);
		expect(await loop.next()).toEqual({ done: false, value: 1 });
		const next = loop.next();
		loop.push(2);
		loop.push(3);
		expect(await next).toEqual({ done: false, value: 2 });
		expect(await loop.next()).toEqual({ done: false, value: 3 });
	});

	it("may ask for several at once", async () => {
		const loop = new EventLoop<number>(() => {});
		const both = Promise.all([loop.next(), loop.next()]);
		loop.push(1);
		loop.push(2);
		expect((await both).map(({ value }) => value)).toEqual([1, 2]);
	});

	it("that asks for several at once has not done before it has them all", async () => {
		const loop = new EventLoop<number>(() => {});
		const both = Promise.all([loop.next(), loop.next()]);
		loop.push(1);
		// Otherwise the next event would never come.
		expect(await loop.finished()).toBe(true);
		loop.push(2);
		expect((await both).map(({ value }) => value)).toEqual([1, 2]);
		expect(await isDone(loop)).toBe(false);
	});

	it("that is ended has not done with what it was given, unless it was left by its reader", async () => {
		const ended = new EventLoop<number>(() => {});
		ended.push(1);
		await ended.next();
		ended.end({});
		expect(await ended.finished()).toBe(false);
		const left = new EventLoop<number>(() => {});
		left.push(1);
		await left.next();
		await left.return();
		expect(await left.finished()).toBe(true);
	});

	it("ends when what waits has been read", async () => {
		const loop = new EventLoop<number>(() => {});
		loop.push(1);
		loop.end({});
		expect((await loop.next()).value).toBe(1);
		expect(await loop.next()).toEqual({ done: true, value: undefined });
	});

	it("throws what has ended it, also while it waits", async () => {
		const loop = new EventLoop<number>(() => {});
		const next = loop.next();
		loop.end({ error: new Error("refused") });
		await expect(next).rejects.toThrow("refused");
		await expect(loop.next()).rejects.toThrow("refused");
	});

	it("has done with an event when it asks for the next one, not when it is given it", async () => {
		const loop = new EventLoop<number>(() => {});
		expect(await isDone(loop)).toBe(false);
		const first = loop.next();
		expect(await isDone(loop)).toBe(true);
		loop.push(1);
		await first;
		expect(await isDone(loop)).toBe(false);
		const second = loop.next();
		expect(await isDone(loop)).toBe(true);
		loop.end({});
		await second;
	});

	it("is left by a reader who wants no more, and holds nobody up any longer", async () => {
		let isLeft = false;
		const loop = new EventLoop<number>(() => {
			isLeft = true;
		});
		for (let event = 0; event < 5; event += 1) loop.push(event);
		const done = loop.finished();
		for await (const event of { [Symbol.asyncIterator]: () => loop }) if (event === 3) break;
		await done;
		expect(isLeft).toBe(true);
		expect(await loop.next()).toEqual({ done: true, value: undefined });
	});
});
