import { describe, expect, it } from "vitest";
import { chunksOf } from "../../src/audience/chunks.ts";
import { readStored } from "../../src/wire/stored.ts";
import { storedEvent } from "../support/events.ts";
import { subscriptionOf } from "../support/subscription.ts";

const EVENTS = [
	storedEvent({ offset: 7 }),
	storedEvent({ offset: 8, to: { user: "bob" } }),
	storedEvent({ offset: 9, type: "order" }),
];

/** The events of a chunk, for whoever has read up to 6. */
function chunkFor(overrides: Parameters<typeof subscriptionOf>[0] = {}, position = 6) {
	return { position, subscription: subscriptionOf(overrides) };
}

describe("a batch of events", () => {
	it("is encoded once for all who get the same in the same dialect", () => {
		const chunks = chunksOf(EVENTS, "orders", false);
		const [alice, carol] = [chunks(chunkFor()), chunks(chunkFor({ user: "carol" }))];
		expect(alice).toBe(carol);
		expect(alice?.events).toBe(2);
		expect(chunks(chunkFor({ user: "bob" }))?.events).toBe(3);
		expect(chunks(chunkFor({ types: ["order"] }))?.events).toBe(1);
		expect(chunks(chunkFor({ types: ["other"] }))).toBeUndefined();
		expect(chunks(chunkFor({ dialect: "stored" }))).not.toBe(alice);
	});

	it("goes to a relay whole, with recipients, but for what the relay has got", () => {
		const chunks = chunksOf(EVENTS, "orders", false);
		const read = (position: number) =>
			readStored((chunks(chunkFor({ dialect: "whole", user: "" }, position))?.texts ?? []).join(""));
		expect(read(6)).toEqual(EVENTS);
		expect(read(7)).toEqual(EVENTS.slice(1));
		expect(read(9)).toEqual([]);
	});
});
