import { beforeEach, describe, expect, it } from "vitest";
import { Headcount } from "../../../src/audience/headcount.ts";
import { UNNAMED } from "../../../src/audience/members.ts";
import { Presence } from "../../../src/audience/presence.ts";
import type { RelaySubscriber } from "../../../src/audience/roster.ts";
import { KnownRelay } from "../../../src/channel/origin/known-relay.ts";

const ALICE = { user: "alice" };
const BOB = { user: "bob" };

let presence: Presence;
let headcount: Headcount;
let relay: KnownRelay;

beforeEach(() => {
	presence = new Presence();
	headcount = new Headcount(presence);
	relay = new KnownRelay("2", headcount, false);
	relay.isReborn("first");
});

/** Its streams, those of the channel, and the users who are online. */
function counts(): [relay: number, channel: number, online: number] {
	return [relay.streams, headcount.streams, presence.online];
}

describe("the streams of a relay", () => {
	it("are counted as those of the channel, and each user once", () => {
		headcount.add(ALICE);
		for (const stream of [ALICE, ALICE, BOB]) relay.add(stream, false);
		expect(counts()).toEqual([3, 4, 2]);
		expect(presence.take(9)).toHaveLength(2);
		relay.remove(BOB);
		relay.remove(BOB);
		expect(counts()).toEqual([2, 3, 1]);
		expect([relay.holds(ALICE), relay.holds(BOB)]).toEqual([true, false]);
	});

	it("that come back after a death of the origin are no news", () => {
		const older = new KnownRelay("1", headcount, true);
		older.add(ALICE, true);
		expect(presence.take(9)).toEqual([]);
		expect(presence.online).toBe(1);
	});

	it("that come back so late that they were taken for gone are news", () => {
		const older = new KnownRelay("1", headcount, true);
		for (const each of [relay, older]) {
			each.isReborn("first");
			each.add(ALICE, false);
			presence.take(9);
			each.isReborn("second");
			each.forgetDeparted();
			expect(presence.take(9)).toEqual([{ user: "alice", state: "offline" }]);
			each.add(ALICE, true);
			expect(presence.take(9)).toEqual([{ user: "alice", state: "online" }]);
			each.remove(ALICE);
			presence.take(9);
		}
	});

	it("that are older than the origin are not settled until they are counted, which is no news", () => {
		const older = new KnownRelay("1", headcount, true);
		expect([older.isSettled, relay.isSettled]).toEqual([false, true]);
		older.replace([{ stream: ALICE, streams: 2 }]);
		expect(presence.take(9)).toEqual([]);
		expect([headcount.streams, older.isSettled]).toEqual([2, false]);
		older.tie = {} as RelaySubscriber;
		expect(older.isSettled).toBe(true);
		older.replace([{ stream: BOB, streams: 1 }]);
		expect(presence.take(9)).toEqual([
			{ user: "bob", state: "online" },
			{ user: "alice", state: "offline" },
		]);
	});

	it("are replaced by those that it holds, when it counts anew", () => {
		for (const stream of [ALICE, ALICE, BOB]) relay.add(stream, false);
		presence.take(9);
		relay.replace([
			{ stream: ALICE, streams: 1 },
			{ stream: { user: "carol" }, streams: 2 },
		]);
		expect(counts()).toEqual([3, 3, 2]);
		expect(relay.holds(BOB)).toBe(false);
		expect(presence.take(9)).toContainEqual({ user: "bob", state: "offline" });
	});
});

describe("a relay whose object has died", () => {
	it("is noticed by its new life, and once", () => {
		expect([relay.isReborn("first"), relay.isReborn("second"), relay.isReborn("second")]).toEqual([false, true, false]);
	});

	it("has streams whose clients come back: they stay online, and are counted once", () => {
		for (const stream of [ALICE, ALICE, BOB]) relay.add(stream, false);
		presence.take(9);
		relay.isReborn("second");
		expect(counts()).toEqual([0, 3, 2]);
		relay.return(ALICE);
		relay.add(ALICE, false);
		expect(counts()).toEqual([1, 3, 2]);
		expect(presence.take(9)).toEqual([]);
		relay.forgetDeparted();
		expect(counts()).toEqual([1, 1, 1]);
		expect(presence.take(9)).toEqual([{ user: "bob", state: "offline" }]);
	});

	it("has streams that were counted without their users, and that count once when they come back", () => {
		relay.add(UNNAMED, false);
		relay.isReborn("second");
		relay.return(ALICE);
		relay.add(UNNAMED, false);
		relay.forgetDeparted();
		expect(counts()).toEqual([1, 1, 1]);
	});

	it("has streams that count once also if their clients come back before it is known that they are gone", () => {
		relay.tie = {} as RelaySubscriber;
		for (const stream of [ALICE, ALICE, BOB]) relay.add(stream, false);
		expect([relay.isBereft, relay.return(ALICE)]).toEqual([false, false]);
		relay.tie = undefined;
		expect([relay.isBereft, relay.return(ALICE), relay.return({ user: "carol" })]).toEqual([true, true, false]);
		expect(counts()).toEqual([2, 2, 2]);
		// It was only cut off.
		relay.replace([
			{ stream: ALICE, streams: 2 },
			{ stream: BOB, streams: 1 },
		]);
		expect(counts()).toEqual([3, 3, 2]);
	});

	it("is counted exactly also where it counts anew before all of its clients are back", () => {
		for (const stream of [ALICE, ALICE, ALICE]) relay.add(stream, false);
		relay.isReborn("second");
		relay.return(ALICE);
		relay.add(ALICE, false);
		relay.replace([{ stream: ALICE, streams: 1 }]);
		expect(counts()).toEqual([1, 3, 1]);
		relay.replace([{ stream: ALICE, streams: 3 }]);
		expect(counts()).toEqual([3, 3, 1]);
		relay.forgetDeparted();
		expect(counts()).toEqual([3, 3, 1]);
	});
});

describe("the streams that are sent on to a relay", () => {
	it("count as its own for five seconds", () => {
		const now = 1_795_223_089_000;
		const soon = (milliseconds: number) => relay.streamsSoon(now + milliseconds);
		relay.add(ALICE, false);
		relay.expect(50, now);
		relay.expect(50, now + 2000);
		expect([soon(2000), soon(4999), soon(5000)]).toEqual([101, 101, 1]);
		relay.expect(50, now + 6000);
		expect(soon(6000)).toBe(51);
	});
});
