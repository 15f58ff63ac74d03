import { describe, expect, it } from "vitest";
import { prometheusText } from "../../src/metrics/prometheus.ts";
import { countDelivered, countPublish, newTally } from "../../src/metrics/tally.ts";

function lines(text: string, start: string): string[] {
	return text.split("\n").filter((line) => line.startsWith(start));
}

describe("the text for Prometheus", () => {
	it("describes each metric once, before its samples", () => {
		const measures = { tally: newTally(), streams: 2 };
		const text = prometheusText([
			{ labels: { channel: "a" }, ...measures },
			{ labels: { channel: "b" }, ...measures },
		]);
		expect(text).toContain(
			`# HELP tidings_streams_open Open streams and WebSockets.
# TYPE tidings_streams_open gauge
tidings_streams_open{channel="a"} 2
tidings_streams_open{channel="b"} 2
# HELP`,
		);
	});

	it("omits the braces when there are no labels", () => {
		const tally = newTally();
		countDelivered(tally, 3, true);
		const text = prometheusText([{ labels: {}, tally, streams: 0 }]);
		expect(lines(text, "tidings_events")).toEqual([
			"tidings_events_published_total 0",
			"tidings_events_delivered_total 3",
			"tidings_events_replayed_total 3",
		]);
	});

	it("has cumulative histogram buckets", () => {
		const tally = newTally();
		for (const milliseconds of [1, 3, 3, 100, 60_000]) countPublish(tally, 1, milliseconds);
		const text = prometheusText([{ labels: { channel: "a" }, tally, streams: 0 }]);
		const name = "tidings_publish_duration_seconds";
		expect(lines(text, name)).toEqual([
			`${name}_bucket{channel="a",le="0.001"} 1`,
			`${name}_bucket{channel="a",le="0.0025"} 1`,
			`${name}_bucket{channel="a",le="0.005"} 3`,
			`${name}_bucket{channel="a",le="0.01"} 3`,
			`${name}_bucket{channel="a",le="0.025"} 3`,
			`${name}_bucket{channel="a",le="0.05"} 3`,
			`${name}_bucket{channel="a",le="0.1"} 4`,
			`${name}_bucket{channel="a",le="0.25"} 4`,
			`${name}_bucket{channel="a",le="0.5"} 4`,
			`${name}_bucket{channel="a",le="1"} 4`,
			`${name}_bucket{channel="a",le="2.5"} 4`,
			`${name}_bucket{channel="a",le="5"} 4`,
			`${name}_bucket{channel="a",le="+Inf"} 5`,
			`${name}_sum{channel="a"} 60.107`,
			`${name}_count{channel="a"} 5`,
		]);
	});
});
