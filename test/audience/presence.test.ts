import { describe, expect, it } from "vitest";
import { Presence } from "../../src/audience/presence.ts";

describe("a change of presence", () => {
	it("is a user's first stream, and the end of the last", () => {
		const presence = new Presence();
		presence.add("alice");
		expect(presence.take(64)).toEqual([{ user: "alice", state: "online" }]);
		presence.add("alice");
		presence.remove("alice");
		expect(presence.take(64)).toEqual([]);
		presence.remove("alice");
		expect(presence.take(64)).toEqual([{ user: "alice", state: "offline" }]);
	});

	it("is none when the user came and left before anybody was told", () => {
		const presence = new Presence();
		presence.add("alice");
		presence.remove("alice");
		expect(presence.take(64)).toEqual([]);
		expect([...presence.told()]).toEqual([]);
	});

	it("is none when a stream is restored that was open before", () => {
		const presence = new Presence();
		presence.restore("alice");
		expect(presence.take(64)).toEqual([]);
		expect([...presence.told()]).toEqual(["alice"]);
		presence.remove("alice");
		expect(presence.take(64)).toEqual([{ user: "alice", state: "offline" }]);
	});

	it("waits for the next round when there are many", () => {
		const presence = new Presence();
		for (const user of ["a", "b", "c"]) presence.add(user);
		expect(presence.take(2).map(({ user }) => user)).toEqual(["a", "b"]);
		expect(presence.take(2).map(({ user }) => user)).toEqual(["c"]);
	});
});
