import { describe, expect, it } from "vitest";
import { Counts } from "../../src/audience/counts.ts";
import type { Subscriber } from "../../src/audience/subscriber.ts";
import { Logger } from "../../src/logger.ts";
import { Meter } from "../../src/metrics/meter.ts";
import type { Report } from "../../src/metrics/metrics-object.ts";
import { newTally } from "../../src/metrics/tally.ts";

const held = { isRelayed: false } as Subscriber;
const relayed = { isRelayed: true } as Subscriber;

/** What a channel counts, and what it reports of that. */
function counting() {
	const holder = "channel:orders";
	const reports: Report[] = [];
	const send = async (report: Report) => void reports.push(report);
	const meter = new Meter({ holder, heartbeatSeconds: 25, byChannel: true, logger: new Logger({ holder }), send });
	const counts = new Counts({ name: "orders", meter, carried: undefined, carry: () => undefined });
	return { counts, meter, reports };
}

describe("what a channel counts", () => {
	it("is reported by it as far as it holds the streams itself: relays report the rest", async () => {
		const { counts, meter, reports } = counting();
		for (const subscriber of [held, held, relayed]) counts.opened(subscriber);
		for (const subscriber of [held, relayed]) counts.left(subscriber);
		counts.delivered(2, 5, false);
		counts.delivered(0, 3, true);
		for (const subscriber of [held, relayed]) counts.cut(subscriber);
		counts.published(4, 10);
		await meter.report();
		expect(counts.tally).toMatchObject({ published: 4, delivered: 10, replayed: 3, cut: 2 });
		expect(reports).toMatchObject([
			{ streams: 1, tallies: [["orders", { published: 0, delivered: 2, replayed: 0, cut: 1 }]] },
		]);
	});

	it("that is nothing but what relays report, needs no report", async () => {
		const { counts, meter, reports } = counting();
		counts.opened(relayed);
		counts.delivered(0, 3, false);
		counts.renew();
		await meter.report();
		expect(reports).toEqual([]);
	});

	it("goes on from what it had counted before it slept", () => {
		const carried = { ...newTally(), delivered: 7 };
		const counts = new Counts({ name: "orders", meter: undefined, carried, carry: () => undefined });
		counts.delivered(1, 0, false);
		expect(counts.tally.delivered).toBe(8);
	});
});
