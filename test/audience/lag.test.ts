import { describe, expect, it } from "vitest";
import { isStalled, type Lag, type LagEvent, LIVE, nextLag } from "../../src/audience/lag.ts";

const behind: Lag = { state: "behind", since: 1000, leastUnsentBytes: 80 };
const draining: Lag = { state: "draining", until: 9000 };

function at(now: number, unsentBytes: number) {
	return { now, unsentBytes };
}

describe("the lag of a subscriber", () => {
	it.each<[what: string, before: Lag, event: LagEvent, after: Lag]>([
		[
			"live, falls behind when its backlog is full",
			LIVE,
			{ type: "backlog_full", ...at(2000, 100) },
			{ state: "behind", since: 2000, leastUnsentBytes: 100 },
		],
		["live, is not changed by a look at its backlog", LIVE, { type: "seen", ...at(2000, 100) }, LIVE],
		[
			"live, is behind when it starts with the first piece of a long replay",
			LIVE,
			{ type: "sent", ...at(2000, 60) },
			{ state: "behind", since: 2000, leastUnsentBytes: 60 },
		],
		["live, stays so when it has everything", LIVE, { type: "caught_up" }, LIVE],
		["live, drains when its stream ends unread", LIVE, { type: "ended", until: 9000 }, draining],
		[
			"behind, has taken nothing while its backlog stays full",
			behind,
			{ type: "backlog_full", ...at(2000, 100) },
			behind,
		],
		["behind, has taken nothing while as much is unsent", behind, { type: "seen", ...at(2000, 80) }, behind],
		[
			"behind, has taken something when less is unsent than ever",
			behind,
			{ type: "seen", ...at(2000, 79) },
			{ state: "behind", since: 2000, leastUnsentBytes: 79 },
		],
		[
			"behind, begins anew with each piece that it is sent",
			behind,
			{ type: "sent", ...at(2000, 100) },
			{ state: "behind", since: 2000, leastUnsentBytes: 100 },
		],
		["behind, is live again once it has everything", behind, { type: "caught_up" }, LIVE],
		["behind, drains when it is cut", behind, { type: "ended", until: 9000 }, draining],
		["draining, is not changed by its backlog", draining, { type: "seen", ...at(2000, 0) }, draining],
		["draining, never falls behind", draining, { type: "backlog_full", ...at(2000, 100) }, draining],
		["draining, is never live again", draining, { type: "caught_up" }, draining],
		["draining, ends when it was first said", draining, { type: "ended", until: 10_000 }, draining],
	])("%s", (_, before, event, after) => {
		expect(nextLag(before, event)).toEqual(after);
	});

	it.each<[what: string, lag: Lag, now: number, stalled: boolean]>([
		["behind for less than 5 s", behind, 5999, false],
		["behind for 5 s", behind, 6000, true],
		["live", LIVE, 1e9, false],
		["draining", draining, 1e9, false],
	])("that is %s is a stall or not", (_, lag, now, stalled) => {
		expect(isStalled(lag, now)).toBe(stalled);
	});
});
