import { describe, expect, it } from "vitest";
import { Outbox } from "../../src/audience/outbox.ts";
import { storedEvent } from "../support/events.ts";

const LARGE = storedEvent({ data: JSON.stringify("x".repeat(70_000)) });

describe("the events that wait for a round", () => {
	it("are taken together, in order", () => {
		const outbox = new Outbox();
		outbox.push([storedEvent({ offset: 7 })]);
		outbox.push([storedEvent({ offset: 8 }), storedEvent({ offset: 9 })]);
		expect(outbox.take().map(({ offset }) => offset)).toEqual([7, 8, 9]);
		expect(outbox.isEmpty).toBe(true);
	});

	it("hold publishers back when they are large, until they are taken", async () => {
		const outbox = new Outbox();
		outbox.push([LARGE]);
		await outbox.room();
		outbox.push([LARGE]);
		expect(outbox.isFull).toBe(true);
		let hasRoom = false;
		const room = outbox.room().then(() => {
			hasRoom = true;
		});
		await Promise.resolve();
		expect(hasRoom).toBe(false);
		outbox.take();
		await room;
		expect(hasRoom).toBe(true);
	});
});
