import { describe, expect, it } from "vitest";
import { groupsOf, readGroup, writeGroup } from "../../src/log/group.ts";
import { toJson } from "../../src/wire/json.ts";
import { newEvent } from "../support/events.ts";
import { fc, nastyJson, nastyText } from "../support/property.ts";

const event = fc.record(
	{
		type: fc.oneof(fc.constantFrom("message", "order"), nastyText),
		data: nastyJson.map(toJson),
		retry: fc.nat(),
		to: fc.oneof(fc.record({ user: nastyText }), fc.record({ claims: fc.dictionary(nastyText, nastyText) })),
	},
	{ requiredKeys: ["type", "data"] },
);

describe("a group", () => {
	it("is read as it was written, whatever its events are", () => {
		fc.assert(
			fc.property(fc.array(event, { minLength: 1, maxLength: 20 }), (events) => {
				const expected = events.map((each, index) => ({ ...each, offset: 7 + index, at: 3 }));
				expect(readGroup(writeGroup(events), { first: 7, at: 3 })).toEqual(expected);
			}),
		);
	});

	it("says once what is the same of events that follow each other", () => {
		const events = ["1", "2"].map((data) => newEvent({ type: "order", data }));
		expect(writeGroup(events)).toBe('{"type":"order"}\n1\n\n2\n');
		expect(writeGroup([...events, newEvent({ data: "3" })])).toContain("\n3\n");
		expect(
			readGroup(writeGroup([...events, newEvent({ type: "other", data: "3" })]), { first: 1, at: 0 })[2]?.type,
		).toBe("other");
	});
});

describe("the groups of events", () => {
	it("have all events in their order, and are as few as their size allows", () => {
		const sizes = [100_000, 100_000, 100_000, 300_000, 1, 1, 262_000, 200];
		const events = sizes.map((size) => newEvent({ data: "1".repeat(size) }));
		const groups = groupsOf(events);
		expect(groups.flat()).toEqual(events);
		expect(groups.map(({ length }) => length)).toEqual([2, 1, 1, 2, 1, 1]);
	});

	it("are none without events", () => {
		expect(groupsOf([])).toEqual([]);
	});
});
