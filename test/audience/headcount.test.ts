import { describe, expect, it, vi } from "vitest";
import { Headcount } from "../../src/audience/headcount.ts";
import { UNNAMED } from "../../src/audience/members.ts";
import { Presence } from "../../src/audience/presence.ts";

const ALICE = { user: "alice" };
const GUEST = { user: "guest", anonymousFrom: "a" };

describe("the headcount of a channel", () => {
	it("counts streams, and those that count together by their user or their address", () => {
		const headcount = new Headcount(new Presence());
		headcount.add(ALICE);
		headcount.restore(ALICE);
		headcount.add(GUEST);
		headcount.add({ user: "guest", anonymousFrom: "b" });
		expect(headcount.streams).toBe(4);
		expect(headcount.countWith(ALICE)).toBe(2);
		expect(headcount.countWith(GUEST)).toBe(1);
		expect(headcount.countWith({ user: "guest", anonymousFrom: "c" })).toBe(0);
	});

	it("tells of those who come and go, and not of those who were there before", () => {
		const presence = new Presence();
		const headcount = new Headcount(presence);
		headcount.restore(ALICE);
		headcount.add({ user: "bob" });
		expect(presence.take(9)).toEqual([{ user: "bob", state: "online" }]);
		expect(presence.online).toBe(2);
		headcount.remove(ALICE);
		expect(presence.take(9)).toEqual([{ user: "alice", state: "offline" }]);
	});

	it("counts streams without their users where those are not told", () => {
		const presence = new Presence();
		const headcount = new Headcount(presence);
		headcount.add(UNNAMED);
		headcount.restore(UNNAMED);
		expect([headcount.streams, presence.online, presence.take(9)]).toEqual([2, 2, []]);
		headcount.remove(UNNAMED);
		expect([headcount.streams, presence.online, presence.take(9)]).toEqual([1, 1, []]);
	});

	it("says when a stream is no longer counted", () => {
		const left = vi.fn();
		const headcount = new Headcount(new Presence(), left);
		headcount.add(GUEST);
		expect(left).not.toHaveBeenCalled();
		headcount.remove(GUEST);
		expect(left).toHaveBeenCalledExactlyOnceWith(GUEST);
		expect([headcount.streams, headcount.countWith(GUEST)]).toEqual([0, 0]);
	});
});
