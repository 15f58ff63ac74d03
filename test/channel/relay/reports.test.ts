import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Reports } from "../../../src/channel/relay/reports.ts";
import { Logger } from "../../../src/logger.ts";
import type { Admission, RelayReport } from "../../../src/wire/relay.ts";
import { holdTimersAndWaits } from "../../support/clock.ts";
import { range } from "../../support/log.ts";
import { subscriptionOf } from "../../support/subscription.ts";

const ADMITTED: Admission = {
	type: "admitted",
	start: { position: 7, cursor: 7, resumed: false },
	head: 7,
	isNamed: true,
};

beforeEach(() => holdTimersAndWaits());

afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

/** Resolves when whatever needs no timer has happened. */
async function settled(): Promise<void> {
	for (let count = 0; count < 50; count += 1) await Promise.resolve();
}

/** A relay's reports, and the origin that gets them. It answers when a test says so. */
function reporting() {
	const got: RelayReport[] = [];
	const calls: PromiseWithResolvers<Admission[]>[] = [];
	const reports = new Reports({
		channel: "orders",
		relay: "weur/2",
		life: "life",
		origin: () => ({
			report: (report) => {
				got.push(report);
				const call = Promise.withResolvers<Admission[]>();
				calls.push(call);
				return call.promise;
			},
		}),
		logger: new Logger({}),
	});
	/** The origin admits all streams of the report that it got last, or answers otherwise. */
	const answer = async (admissions?: Admission[]) => {
		calls.at(-1)?.resolve(admissions ?? (got.at(-1)?.wanted ?? []).map(() => ADMITTED));
		await settled();
	};
	const fail = async () => {
		calls.at(-1)?.reject(new Error("The origin has died."));
		await settled();
	};
	const ask = (user: string) => reports.ask({ subscription: subscriptionOf({ user }), isLastTry: false });
	/** Opens streams. */
	const opened = async (...users: string[]) => {
		const admissions = users.map(ask);
		await answer();
		if (users.length > 1) await answer();
		return await Promise.all(admissions);
	};
	return { reports, got, answer, fail, ask, opened };
}

/** The users of a report. */
const wantedBy = (report: RelayReport | undefined) => report?.wanted.map(({ subscription }) => subscription.user);

describe("the reports of a relay", () => {
	it("ask at once for the first stream, and with the next report for all that came meanwhile", async () => {
		const { got, ask, answer } = reporting();
		const asked = ["alice", "bob", "carol"].map(ask);
		expect(got.map(wantedBy)).toEqual([["alice"]]);
		expect(got[0]).toMatchObject({ relay: "weur/2", life: "life", left: [] });
		await answer();
		expect(got.map(wantedBy)).toEqual([["alice"], ["bob", "carol"]]);
		await answer([ADMITTED, { type: "crowded" }]);
		expect((await Promise.all(asked)).map(({ type }) => type)).toEqual(["admitted", "admitted", "crowded"]);
		expect(got).toHaveLength(2);
	});

	it("ask for 500 streams at most, and 20,000 may wait", async () => {
		const { got, ask, answer } = reporting();
		for (const index of range(0, 20_000)) void ask(`user-${index}`);
		expect(() => ask("late")).toThrow("channel_full: Too many clients are opening the channel orders.");
		await answer();
		await answer();
		expect(got.map(({ wanted }) => wanted.length)).toEqual([1, 500, 500]);
	});

	it("tell of the streams that have ended, and of no others", async () => {
		const { reports, got, answer, opened } = reporting();
		await opened("alice", "bob");
		expect(reports.streams).toBe(2);
		reports.left(subscriptionOf({ user: "alice" }));
		reports.left(subscriptionOf({ user: "alice" }));
		reports.left(subscriptionOf({ user: "never" }));
		await answer();
		expect(got.slice(2)).toMatchObject([{ left: [{ user: "alice" }], wanted: [] }]);
		expect(reports.streams).toBe(1);
	});

	it("count the streams that are open or wait, and not those that were refused", async () => {
		const { reports, ask, answer } = reporting();
		const asked = ["alice", "bob"].map(ask);
		expect(reports.streams).toBe(2);
		await answer([{ type: "refused", code: "channel_full", detail: "It is full." }]);
		expect(reports.streams).toBe(1);
		await answer();
		expect(reports.streams).toBe(1);
		expect((await Promise.all(asked)).map(({ type }) => type)).toEqual(["refused", "admitted"]);
	});

	it("have the origin count all streams anew when the relay has joined it, instead of telling of those that left", async () => {
		const { reports, got, answer, opened } = reporting();
		await opened("alice", "alice");
		await opened("bob");
		reports.recount();
		expect(got.at(-1)).toMatchObject({
			members: [
				{ stream: { user: "alice" }, streams: 2 },
				{ stream: { user: "bob" }, streams: 1 },
			],
		});
		reports.left(subscriptionOf({ user: "bob" }));
		reports.recount();
		await answer();
		expect(got.at(-1)).toMatchObject({ members: [{ stream: { user: "alice" }, streams: 2 }], left: [] });
		await answer();
		reports.left(subscriptionOf({ user: "alice" }));
		await answer();
		expect(got.at(-1)).toMatchObject({ left: [{ user: "alice" }] });
		expect(got.at(-1)).not.toHaveProperty("members");
	});

	it("tell of streams without their users where the origin does not keep account of them", async () => {
		const { reports, got, ask, answer } = reporting();
		const asked = ask("alice");
		await answer([{ ...ADMITTED, isNamed: false }]);
		await asked;
		reports.recount();
		expect(got.at(-1)).toMatchObject({ members: [{ stream: { user: "" }, streams: 1 }] });
		await answer();
		reports.left(subscriptionOf());
		await answer();
		expect(got.at(-1)).toMatchObject({ left: [{ user: "" }] });
		expect(reports.streams).toBe(0);
	});

	it("that fail refuse those who wait, and are followed by a count of what is there", async () => {
		const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
		const { reports, got, ask, answer, fail, opened } = reporting();
		await opened("alice", "bob");
		const lost = ask("carol");
		reports.left(subscriptionOf({ user: "bob" }));
		const later = ask("dave");
		await fail();
		await expect(lost).rejects.toThrow("channel_unavailable: The channel orders could not be reached just now.");
		expect(`${logged.mock.calls}`).toContain("The origin has died.");
		const before = got.length;
		vi.advanceTimersByTime(249);
		await settled();
		expect(got).toHaveLength(before);
		vi.advanceTimersByTime(1);
		await settled();
		expect(got.at(-1)).toMatchObject({ members: [{ stream: { user: "alice" }, streams: 1 }], left: [] });
		expect(wantedBy(got.at(-1))).toEqual(["dave"]);
		await answer();
		expect(await later).toEqual(ADMITTED);
	});

	it("are repeated for five seconds by a relay that holds no streams, since the origin may count some", async () => {
		vi.spyOn(console, "error").mockImplementation(() => undefined);
		const { got, ask, fail, answer } = reporting();
		const again = async () => {
			vi.advanceTimersByTime(250);
			await settled();
		};
		const lost = ask("alice");
		for (let failed = 1; failed <= 20; failed += 1) {
			expect(got).toHaveLength(failed);
			await fail();
			await again();
		}
		await expect(lost).rejects.toThrow("channel_unavailable");
		expect(got.at(-1)).toMatchObject({ members: [], left: [], wanted: [] });
		expect(got).toHaveLength(20);
		void ask("bob");
		expect(got.at(-1)).toMatchObject({ members: [] });
		await answer();
		expect(got).toHaveLength(21);
	});
});
