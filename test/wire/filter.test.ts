import { describe, expect, it } from "vitest";
import type { Recipients } from "../../src/wire/event.ts";
import { wantedOf, wants } from "../../src/wire/filter.ts";
import { storedEvent } from "../support/events.ts";

const alice = { user: "alice", claims: { role: "admin", teams: ["a", "b"], level: 3 } };

describe("an event", () => {
	it.each<[to: Recipients, isWanted: boolean]>([
		[{ user: "alice" }, true],
		[{ user: "bob" }, false],
		[{ claims: { role: "admin" } }, true],
		[{ claims: { role: "guest" } }, false],
		[{ claims: { teams: "b" } }, true],
		[{ claims: { teams: "c" } }, false],
		[{ claims: { level: 3 } }, true],
		[{ claims: { level: "3" } }, false],
		[{ claims: { missing: null } }, false],
		[{ claims: { toString: "x" } }, false],
		[{ user: "alice", claims: { role: "guest" } }, false],
		[{ user: "bob", claims: { role: "admin" } }, false],
	])("to %j is for Alice: %s", (to, isWanted) => {
		expect(wants(alice, storedEvent({ to }))).toBe(isWanted);
	});

	it.each([
		[undefined, true],
		[["order"], true],
		[["note", "order"], true],
		[["note"], false],
	])("of the type `order` is for a stream of the types %j: %s", (types, isWanted) => {
		expect(wants({ ...alice, ...(types && { types }) }, storedEvent({ type: "order" }))).toBe(isWanted);
	});
});

describe("the events that a subscriber wants", () => {
	it("are the same list where it wants all of them, so that a chunk can be shared", () => {
		const events = [storedEvent(), storedEvent({ to: { user: "alice" } })];
		expect(wantedOf(events, alice)).toBe(events);
	});

	it("are the others where some are not for it", () => {
		const [mine, others] = [storedEvent(), storedEvent({ to: { user: "bob" } })];
		expect(wantedOf([others, mine, others], alice)).toEqual([mine]);
	});
});
