import { afterEach, describe, expect, it, vi } from "vitest";
import { Logger } from "../../src/logger.ts";
import { Meter } from "../../src/metrics/meter.ts";
import type { Report } from "../../src/metrics/metrics-object.ts";
import type { Tally } from "../../src/metrics/tally.ts";
import { stopClock } from "../support/clock.ts";

const MINUTE = 60_000;

afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

/** A meter and its reports. */
function meter({ byChannel = true, heartbeatMilliseconds = 25_000 } = {}) {
	const reports: Report[] = [];
	const send = vi.fn(async (report: Report) => void reports.push(report));
	return {
		meter: new Meter({ holder: "me", heartbeatMilliseconds, byChannel, logger: new Logger({ holder: "me" }), send }),
		reports,
		send,
	};
}

function publish(tally: Tally): void {
	tally.published += 1;
}

/** The events that a report counts as published, by channel. */
function published({ tallies }: Report): [string | undefined, number][] {
	return tallies.map(([channel, tally]) => [channel, tally.published]);
}

describe("a meter", () => {
	it("reports a second after the first change, together with all changes until then", async () => {
		const { meter: counts, reports } = meter();
		counts.count("orders", publish);
		counts.opened();
		counts.count("orders", publish);
		counts.count("chat", publish);
		expect(reports).toEqual([]);
		await expect.poll(() => reports.length, { timeout: 5000 }).toBe(1);
		expect(reports.map(published)).toEqual([
			[
				["orders", 2],
				["chat", 1],
			],
		]);
		expect(reports[0]).toMatchObject({ holder: "me", streams: 1 });
	});

	it("reports nothing twice", async () => {
		const { meter: counts, reports } = meter();
		counts.count("orders", publish);
		await counts.report();
		await counts.report();
		counts.count("orders", publish);
		await counts.report();
		expect(reports.map(published)).toEqual([[["orders", 1]], [["orders", 1]]]);
	});

	it("adds a report that failed to the next one", async () => {
		const lines = vi.spyOn(console, "error").mockImplementation(() => undefined);
		const { meter: counts, reports, send } = meter();
		send.mockRejectedValueOnce(new Error("overloaded"));
		counts.count("orders", publish);
		await counts.report();
		counts.count("orders", publish);
		await counts.report();
		expect(reports.map(published)).toEqual([[["orders", 2]]]);
		expect(JSON.parse(String(lines.mock.lastCall))).toMatchObject({ holder: "me", error: { message: "overloaded" } });
	});

	it("sums up all channels when they are not counted separately", async () => {
		const { meter: counts, reports } = meter({ byChannel: false });
		counts.count("orders", publish);
		counts.count("chat", publish);
		await counts.report();
		expect(reports.map(published)).toEqual([[[undefined, 2]]]);
	});

	it("lists 200 channels and sums up the others, so that reports are bounded", async () => {
		const { meter: counts, reports } = meter();
		for (let channel = 0; channel < 300; channel += 1) counts.count(`c${channel}`, publish);
		counts.count("c0", publish);
		await counts.report();
		const [listed = []] = reports.map(published);
		expect(listed).toHaveLength(201);
		expect(listed[0]).toEqual(["c0", 2]);
		expect(listed.find(([channel]) => channel === undefined)).toEqual([undefined, 100]);
	});

	it("backs off under load, and is quick again after an idle time", async () => {
		const wait = vi.spyOn(scheduler, "wait").mockResolvedValue();
		const { meter: counts, reports } = meter();
		const start = Date.now();
		for (const seconds of [0, 1, 3, 7, 15, 23, 60]) {
			stopClock(start + seconds * 1000);
			counts.count("orders", publish);
			await vi.waitFor(() => expect(reports).toHaveLength(wait.mock.calls.length));
		}
		expect(wait.mock.calls.map(([milliseconds]) => milliseconds)).toEqual([1000, 2000, 4000, 8000, 8000, 8000, 1000]);
	});

	it("reports again when the request that should have reported has died", async () => {
		const wait = vi.spyOn(scheduler, "wait").mockReturnValueOnce(new Promise(() => undefined));
		const { meter: counts, reports } = meter();
		const start = Date.now();
		stopClock(start);
		counts.count("orders", publish);
		stopClock(start + 5000);
		counts.count("orders", publish);
		expect(wait).toHaveBeenCalledTimes(1);
		stopClock(start + 6001);
		counts.count("orders", publish);
		await expect.poll(() => reports.map(published), { timeout: 5000 }).toEqual([[["orders", 3]]]);
	});
});

describe("open streams", () => {
	it("are renewed after a minute without changes, with a lease of three", async () => {
		const { meter: counts, reports } = meter();
		const start = Date.now();
		stopClock(start);
		counts.opened();
		await counts.report();
		counts.renew();
		await counts.report();
		expect(reports).toHaveLength(1);
		stopClock(start + MINUTE);
		counts.renew();
		await counts.report();
		expect(reports).toHaveLength(2);
		expect(reports[1]).toEqual({ holder: "me", streams: 1, leaseMilliseconds: 3 * MINUTE, tallies: [] });
	});

	it("of a holder that has slept are renewed by one heartbeat a minute, though it knows of no earlier report", async () => {
		const start = Math.ceil(Date.now() / MINUTE) * MINUTE;
		let renewals = 0;
		for (let beat = 0; beat < 12; beat += 1) {
			stopClock(start + beat * 25_000);
			const { meter: counts, reports } = meter({ heartbeatMilliseconds: 25_000 });
			counts.restored();
			counts.renew();
			await counts.report();
			renewals += reports.length;
		}
		expect(renewals).toBe(5);
	});

	it("get a longer lease with a longer heartbeat", async () => {
		const { meter: counts, reports } = meter({ heartbeatMilliseconds: 300_000 });
		counts.opened();
		await counts.report();
		expect(reports[0]?.leaseMilliseconds).toBe(11 * MINUTE);
	});

	it("are not renewed when there are none", async () => {
		const { meter: counts, reports } = meter();
		counts.opened();
		counts.left();
		await counts.report();
		stopClock(Date.now() + MINUTE);
		counts.renew();
		await counts.report();
		expect(reports).toEqual([{ holder: "me", streams: 0, leaseMilliseconds: 3 * MINUTE, tallies: [] }]);
	});
});
