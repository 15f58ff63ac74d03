import { describe, expect, it } from "vitest";
import { Counts } from "../../src/audience/counts.ts";
import type { Subscriber } from "../../src/audience/subscriber.ts";
import { Logger } from "../../src/logger.ts";
import { Meter } from "../../src/metrics/meter.ts";
import type { Report } from "../../src/metrics/metrics-object.ts";

const held = { outlet: { isMetered: true } } as Subscriber;
const inSession = { outlet: { isMetered: false } } as Subscriber;

/** What a channel counts, and what it reports of that. */
function counting() {
	const holder = "channel:orders";
	const reports: Report[] = [];
	const send = async (report: Report) => void reports.push(report);
	const meter = new Meter({
		holder,
		heartbeatMilliseconds: 25_000,
		byChannel: true,
		logger: new Logger({ holder }),
		send,
	});
	const counts = new Counts("orders", meter);
	return { counts, meter, reports };
}

describe("what a channel counts", () => {
	it("is reported by it as far as it holds the streams itself: sessions report the rest", async () => {
		const { counts, meter, reports } = counting();
		for (const subscriber of [held, held, inSession]) counts.opened(subscriber);
		for (const subscriber of [held, inSession]) counts.left(subscriber);
		counts.delivered(7, 2, false);
		counts.delivered(3, 0, true);
		for (const subscriber of [held, inSession]) counts.cut(subscriber);
		counts.published(4, 10);
		await meter.report();
		expect(counts.tally).toMatchObject({ published: 4, delivered: 10, replayed: 3, cut: 2 });
		expect(reports).toMatchObject([
			{ streams: 1, tallies: [["orders", { published: 0, delivered: 2, replayed: 0, cut: 1 }]] },
		]);
	});

	it("has the streams that were open before it slept, which need no report", async () => {
		const { counts, meter, reports } = counting();
		for (const subscriber of [held, held, inSession]) counts.restored(subscriber);
		await meter.report();
		expect(reports).toEqual([]);
		counts.left(held);
		await meter.report();
		expect(reports).toMatchObject([{ streams: 1 }]);
	});

	it("that is nothing but what sessions report, needs no report", async () => {
		const { counts, meter, reports } = counting();
		counts.opened(inSession);
		counts.delivered(3, 0, false);
		counts.renew();
		await meter.report();
		expect(reports).toEqual([]);
	});
});
