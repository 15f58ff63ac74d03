import { describe, expect, it } from "vitest";
import { countedBy, Members } from "../../src/audience/members.ts";
import { subscriptionOf } from "../support/subscription.ts";

const ALICE = { user: "alice" };
const BOB = { user: "bob" };

describe("streams that another object holds", () => {
	it("are counted together by their user", () => {
		const members = new Members();
		for (const stream of [ALICE, BOB, ALICE]) members.add(stream);
		expect(members.streams).toBe(3);
		expect(members.list()).toEqual([
			{ stream: ALICE, streams: 2 },
			{ stream: BOB, streams: 1 },
		]);
		expect([...members]).toEqual([ALICE, ALICE, BOB]);
	});

	it("are counted by the address where there are no credentials, whatever the user is called", () => {
		const members = new Members();
		const [here, there] = [
			{ user: "guest", anonymousFrom: "a" },
			{ user: "guest", anonymousFrom: "b" },
		];
		members.add(here);
		members.add({ user: "guest" });
		expect([members.has(here), members.has(there), members.remove(there)]).toEqual([true, false, false]);
		expect(members.remove({ user: "guest" })).toBe(true);
		expect([...members]).toEqual([here]);
	});

	it("are alike where they come from the same address without credentials, each as a user of its own", () => {
		const members = new Members();
		for (const user of ["anonymous:1", "anonymous:2"]) members.add({ user, anonymousFrom: "a" });
		const alike = () => ["a", "b"].map((anonymousFrom) => members.hasAlike({ user: "anonymous:3", anonymousFrom }));
		expect([...alike(), members.hasAlike({ user: "anonymous:1" })]).toEqual([true, false, false]);
		members.remove({ user: "anonymous:1", anonymousFrom: "a" });
		expect(alike()).toEqual([true, false]);
		members.remove({ user: "anonymous:2", anonymousFrom: "a" });
		expect(alike()).toEqual([false, false]);
	});

	it("are there until the last has ended, and one that is not there is not missed", () => {
		const members = new Members();
		members.add(ALICE);
		members.add(ALICE);
		expect([members.remove(ALICE), members.has(ALICE)]).toEqual([true, true]);
		expect([members.remove(ALICE), members.has(ALICE)]).toEqual([true, false]);
		expect([members.remove(ALICE), members.streams]).toEqual([false, 0]);
	});

	it("are told without the rest of their subscriptions", () => {
		expect(countedBy(subscriptionOf())).toEqual(ALICE);
		expect(countedBy(subscriptionOf({ anonymousFrom: "a" }))).toEqual({ user: "alice", anonymousFrom: "a" });
	});
});
