import { describe, expect, it } from "vitest";
import { EventQueue } from "../../src/client/event-queue.ts";

describe("a queue of events", () => {
	it("gives them in order, those that came before and those that are waited for", async () => {
		const queue = new EventQueue<number>(() => {});
		queue.push(1);
		expect(await queue.next()).toEqual({ done: false, value: 1 });
		const next = queue.next();
		queue.push(2);
		queue.push(3);
		expect(await next).toEqual({ done: false, value: 2 });
		expect(await queue.next()).toEqual({ done: false, value: 3 });
	});

	it("ends when what waits has been read", async () => {
		const queue = new EventQueue<number>(() => {});
		queue.push(1);
		queue.end({});
		expect((await queue.next()).value).toBe(1);
		expect(await queue.next()).toEqual({ done: true, value: undefined });
	});

	it("throws what has ended it, also to one who waits", async () => {
		const queue = new EventQueue<number>(() => {});
		const next = queue.next();
		queue.end({ error: new Error("refused") });
		await expect(next).rejects.toThrow("refused");
		await expect(queue.next()).rejects.toThrow("refused");
	});

	it("has room until 256 events wait, and again when one was taken", async () => {
		const queue = new EventQueue<number>(() => {});
		for (let event = 0; event < 255; event += 1) queue.push(event);
		await queue.room();
		queue.push(255);
		let hasRoom = false;
		const room = queue.room().then(() => {
			hasRoom = true;
		});
		await scheduler.wait(10);
		expect(hasRoom).toBe(false);
		await queue.next();
		await room;
	});

	it("is left by a reader who wants no more, and holds nobody up any longer", async () => {
		let isLeft = false;
		const queue = new EventQueue<number>(() => {
			isLeft = true;
		});
		for (let event = 0; event < 300; event += 1) queue.push(event);
		const room = queue.room();
		for await (const event of { [Symbol.asyncIterator]: () => queue }) if (event === 3) break;
		await room;
		expect(isLeft).toBe(true);
		expect(await queue.next()).toEqual({ done: true, value: undefined });
	});
});
