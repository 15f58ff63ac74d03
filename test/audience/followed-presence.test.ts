import { describe, expect, it } from "vitest";
import { FollowedPresence } from "../../src/audience/followed-presence.ts";

describe("presence at a relay", () => {
	it("is what the origin tells, and not who has streams here", () => {
		const presence = new FollowedPresence();
		presence.add("alice");
		presence.restore("alice");
		expect([presence.streamsOf("alice"), presence.online, presence.isKnown]).toEqual([2, 0, false]);
		presence.followAll(["alice", "bob"]);
		presence.take(9);
		expect([presence.online, presence.isKnown, [...presence.told()]]).toEqual([2, true, ["alice", "bob"]]);
		presence.remove("alice");
		expect([presence.streamsOf("alice"), presence.online]).toEqual([1, 2]);
	});

	it("tells each change once, a few at a time", () => {
		const presence = new FollowedPresence();
		for (const user of ["alice", "bob", "carol", "alice"]) presence.follow({ user, state: "online" });
		presence.follow({ user: "dave", state: "offline" });
		expect(presence.take(2).map(({ user }) => user)).toEqual(["alice", "bob"]);
		expect(presence.take(2).map(({ user }) => user)).toEqual(["carol"]);
		presence.follow({ user: "bob", state: "offline" });
		expect(presence.take(2)).toEqual([{ user: "bob", state: "offline" }]);
		expect(presence.take(2)).toEqual([]);
	});

	it("tells a new stream only of what the others were told, since it hears of the rest with them", () => {
		const presence = new FollowedPresence();
		for (const user of ["alice", "bob"]) presence.follow({ user, state: "online" });
		presence.take(1);
		expect([...presence.told()]).toEqual(["alice"]);
		expect(presence.take(9)).toEqual([{ user: "bob", state: "online" }]);
		presence.follow({ user: "carol", state: "online" });
		presence.follow({ user: "carol", state: "offline" });
		expect(presence.take(9)).toEqual([]);
	});

	it("tells what has changed while the origin was gone, and nothing else", () => {
		const presence = new FollowedPresence();
		presence.followAll(["alice", "bob"]);
		presence.take(9);
		presence.followAll(["bob", "carol"]);
		expect(presence.take(9)).toEqual([
			{ user: "alice", state: "offline" },
			{ user: "carol", state: "online" },
		]);
		expect(presence.online).toBe(2);
	});

	it("is a number where the channel tells only that", () => {
		const presence = new FollowedPresence();
		presence.followCount(12);
		expect([presence.online, presence.isKnown]).toEqual([12, true]);
		expect(presence.take(9)).toEqual([]);
	});

	it("is unknown once nobody tells any more", () => {
		const presence = new FollowedPresence();
		presence.add("alice");
		presence.followAll(["bob"]);
		presence.take(9);
		presence.follow({ user: "carol", state: "online" });
		presence.followCount(3);
		presence.forget();
		expect([presence.isKnown, presence.online, [...presence.told()], presence.take(9)]).toEqual([false, 0, [], []]);
		expect(presence.streamsOf("alice")).toBe(1);
	});
});
