import { describe, expect, it } from "vitest";
import { Counts } from "../../src/audience/counts.ts";
import { Headcount } from "../../src/audience/headcount.ts";
import type { Outlet } from "../../src/audience/outlet.ts";
import { Presence } from "../../src/audience/presence.ts";
import { Roster } from "../../src/audience/roster.ts";
import { Subscriber } from "../../src/audience/subscriber.ts";
import type { Subscription } from "../../src/wire/subscription.ts";
import { subscriptionOf } from "../support/subscription.ts";

function streamOf(connection: string, rest: Partial<Subscription> = {}): Subscriber {
	return new Subscriber(subscriptionOf({ connection, ...rest }), 0, 0, {} as Outlet);
}

function idsOf(subscribers: Iterable<Subscriber>): string[] {
	return Array.from(subscribers, ({ connection }) => connection);
}

function rosterOf() {
	const headcount = new Headcount(new Presence());
	return { headcount, roster: new Roster(headcount, new Counts("orders", undefined)) };
}

describe("a relay in the roster of its origin", () => {
	it("is told of events before the streams, and is none of them", () => {
		const { roster, headcount } = rosterOf();
		const [stream, relay] = [streamOf("a"), streamOf("2 life", { dialect: "whole" })];
		roster.add(stream);
		roster.addRelay(relay);
		expect(idsOf(roster.everybody())).toEqual(["2 life", "a"]);
		expect(idsOf(roster)).toEqual(["a"]);
		expect([roster.size, roster.relays, headcount.streams]).toEqual([1, 1, 1]);
		expect(roster.has(relay)).toBe(true);
		expect(roster.find("2 life")).toBeUndefined();
	});

	it("is told of presence from when it asks for it until it is gone", () => {
		const { roster, headcount } = rosterOf();
		const [stream, relay] = [streamOf("a", { presence: true }), streamOf("2 life", { dialect: "whole" })];
		roster.add(stream);
		roster.addRelay(relay);
		expect(idsOf(roster.observers)).toEqual(["a"]);
		roster.addObserver(relay);
		expect(idsOf(roster.observers)).toEqual(["a", "2 life"]);
		expect([roster.remove(relay), roster.remove(relay), roster.has(relay)]).toEqual([true, false, false]);
		expect(idsOf(roster.observers)).toEqual(["a"]);
		expect(headcount.streams).toBe(1);
	});
});

describe("a stream in the roster", () => {
	it("is counted once, and not removed by an earlier one of the same id", () => {
		const { roster, headcount } = rosterOf();
		const [earlier, later] = [streamOf("a"), streamOf("a")];
		roster.add(earlier);
		roster.remove(earlier);
		roster.restore(later);
		expect(roster.remove(earlier)).toBe(false);
		expect([roster.size, headcount.streams]).toEqual([1, 1]);
		expect(roster.find("a")).toBe(later);
	});
});
