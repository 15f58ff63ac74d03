import { afterEach, describe, expect, it, vi } from "vitest";
import { Logger } from "../../src/logger.ts";
import { Meter } from "../../src/metrics/meter.ts";
import type { Report } from "../../src/metrics/metrics-object.ts";
import type { Tally } from "../../src/metrics/tally.ts";

const MINUTE = 60_000;

afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

/** A meter, and what it has reported. */
function meter({ byChannel = true, heartbeatSeconds = 25 } = {}) {
	const reports: Report[] = [];
	const send = vi.fn(async (report: Report) => void reports.push(report));
	return {
		meter: new Meter({ holder: "me", heartbeatSeconds, byChannel, logger: new Logger({ holder: "me" }), send }),
		reports,
		send,
	};
}

function publish(tally: Tally): void {
	tally.published += 1;
}

/** How many events a report says were published, by channel. */
function published({ tallies }: Report): [string, number][] {
	return tallies.map(([channel, tally]) => [channel, tally.published]);
}

function at(time: number): void {
	vi.useFakeTimers({ toFake: ["Date"], now: time });
}

describe("a meter", () => {
	it("reports by itself, about a second later, everything that was counted until then", async () => {
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

	it("tells nothing twice", async () => {
		const { meter: counts, reports } = meter();
		counts.count("orders", publish);
		await counts.report();
		await counts.report();
		counts.count("orders", publish);
		await counts.report();
		expect(reports.map(published)).toEqual([[["orders", 1]], [["orders", 1]]]);
	});

	it("tells again what could not be reported, together with what has come since", async () => {
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

	it("adds all channels up where they are not told apart", async () => {
		const { meter: counts, reports } = meter({ byChannel: false });
		counts.count("orders", publish);
		counts.count("chat", publish);
		await counts.report();
		expect(reports.map(published)).toEqual([[["", 2]]]);
	});

	it("tells 200 channels apart, and adds the others up, so that a report has an end", async () => {
		const { meter: counts, reports } = meter();
		for (let channel = 0; channel < 300; channel += 1) counts.count(`c${channel}`, publish);
		counts.count("c0", publish);
		await counts.report();
		const [told = []] = reports.map(published);
		expect(told).toHaveLength(201);
		expect(told[0]).toEqual(["c0", 2]);
		expect(told.find(([channel]) => channel === "")).toEqual(["", 100]);
	});

	it("waits longer the more follows, and is quick again after a quiet time", async () => {
		const wait = vi.spyOn(scheduler, "wait").mockResolvedValue();
		const { meter: counts, reports } = meter();
		const start = Date.now();
		for (const seconds of [0, 1, 3, 7, 15, 23, 60]) {
			at(start + seconds * 1000);
			counts.count("orders", publish);
			await vi.waitFor(() => expect(reports).toHaveLength(wait.mock.calls.length));
		}
		expect(wait.mock.calls.map(([milliseconds]) => milliseconds)).toEqual([1000, 2000, 4000, 8000, 8000, 8000, 1000]);
	});

	it("does not wait for ever for a request that should have reported, and has died", async () => {
		const wait = vi.spyOn(scheduler, "wait").mockReturnValueOnce(new Promise(() => undefined));
		const { meter: counts, reports } = meter();
		const start = Date.now();
		at(start);
		counts.count("orders", publish);
		at(start + 5000);
		counts.count("orders", publish);
		expect(wait).toHaveBeenCalledTimes(1);
		at(start + 6001);
		counts.count("orders", publish);
		await expect.poll(() => reports.map(published), { timeout: 5000 }).toEqual([[["orders", 3]]]);
	});
});

describe("open streams", () => {
	it("are reported again every minute or two while nothing happens, and are believed in for three", async () => {
		const { meter: counts, reports } = meter();
		const start = Date.now();
		at(start);
		counts.opened();
		await counts.report();
		counts.renew();
		await counts.report();
		expect(reports).toHaveLength(1);
		at(start + MINUTE);
		counts.renew();
		await counts.report();
		expect(reports).toHaveLength(2);
		expect(reports[1]).toEqual({ holder: "me", streams: 1, leaseMilliseconds: 3 * MINUTE, tallies: [] });
	});

	it("are believed in for longer where they beat less often", async () => {
		const { meter: counts, reports } = meter({ heartbeatSeconds: 300 });
		counts.opened();
		await counts.report();
		expect(reports[0]?.leaseMilliseconds).toBe(11 * MINUTE);
	});

	it("that are none need no renewal", async () => {
		const { meter: counts, reports } = meter();
		counts.opened();
		counts.left();
		await counts.report();
		at(Date.now() + MINUTE);
		counts.renew();
		await counts.report();
		expect(reports).toEqual([{ holder: "me", streams: 0, leaseMilliseconds: 3 * MINUTE, tallies: [] }]);
	});
});
