import { describe, expect, it } from "vitest";
import type { Audience } from "../../../src/audience/audience.ts";
import { Headcount } from "../../../src/audience/headcount.ts";
import { Presence } from "../../../src/audience/presence.ts";
import { KnownRelay } from "../../../src/channel/origin/known-relay.ts";
import { Placing } from "../../../src/channel/origin/placing.ts";
import type { Relays } from "../../../src/channel/origin/relays.ts";

const NOW = 1_795_223_089_000;

/** Where streams are placed when an origin is full and has some relays, by how many streams those hold. */
function placingOf(relays: Record<string, number>, crowdSize = 100) {
	const known = Object.entries(relays).map(([name, streams]) => {
		const relay = new KnownRelay(name, new Headcount(new Presence()), false);
		relay.replace([{ stream: { user: "alice" }, streams }]);
		return relay;
	});
	const made: (string | undefined)[] = [];
	const audience = { size: crowdSize };
	const placing = new Placing({
		relays: {
			size: known.length,
			[Symbol.iterator]: () => known.values(),
			make: (region: string | undefined) => {
				made.push(region);
				return new KnownRelay("made", new Headcount(new Presence()), false);
			},
		} as unknown as Relays,
		audience: audience as Audience,
		crowdSize,
	});
	const place = (near?: DurableObjectLocationHint, now = NOW) => placing.placeFor({ near, wanted: 1 }, now).relay;
	return { placing, audience, made, place };
}

describe("a new stream", () => {
	it("stays at the origin while there is room, also where the channel has relays", () => {
		const { audience, place } = placingOf({ 1: 5 });
		audience.size = 99;
		expect(place()).toBeUndefined();
		audience.size = 100;
		expect(place()).toBe("1");
	});

	it("is sent on to the fullest relay with room, so that the others can empty", () => {
		expect(placingOf({ 1: 20, 2: 80, 3: 100, 4: 60 }).place()).toBe("2");
	});

	it("is sent on to a relay of its region, which is made where none has room", () => {
		const { place, made } = placingOf({ 1: 10, "weur/1": 20, "apac/1": 100 });
		expect([place("weur"), place(), place("enam"), place("apac")]).toEqual(["weur/1", "1", "made", "made"]);
		expect(made).toEqual(["enam", "apac"]);
	});

	it("is sent on to the emptiest of 2,000 relays if all of them are full, wherever that is", () => {
		const relays = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`${index}`, index === 1234 ? 5 : 6]));
		const { place, made } = placingOf(relays, 5);
		expect(place("weur")).toBe("1234");
		expect(made).toEqual([]);
	});

	it("counts before it has come, for five seconds", () => {
		const { place } = placingOf({ 1: 40, 2: 98 });
		expect([place(), place(), place()]).toEqual(["2", "2", "1"]);
		expect(place(undefined, NOW + 5000)).toBe("2");
	});

	it("counts for as many as it was asked for, a tenth of a relay at most", () => {
		const { placing } = placingOf({ 1: 0, 2: 940 }, 1000);
		const ask = (wanted: number) => placing.placeFor({ near: undefined, wanted }, NOW);
		expect([ask(1), ask(50), ask(10), ask(100_000)]).toEqual([
			{ relay: "2", share: 1 },
			{ relay: "2", share: 50 },
			{ relay: "1", share: 10 },
			{ relay: "1", share: 100 },
		]);
		expect(placingOf({ 1: 0 }, 2).placing.placeFor({ near: undefined, wanted: 9 }, NOW)).toEqual({
			relay: "1",
			share: 1,
		});
	});
});
