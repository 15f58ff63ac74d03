import type { Measures } from "./metrics-object.ts";
import { LATENCY_BOUNDS } from "./tally.ts";

/** Prometheus, "Exposition formats": the text format. */
export const PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

/** What was counted, with the labels that tell it apart. */
export interface Labelled extends Measures {
	labels: Record<string, string>;
}

interface Metric {
	name: string;
	type: "counter" | "gauge" | "histogram";
	help: string;
	samples(measures: Measures): Sample[];
}

interface Sample {
	suffix?: string;
	labels?: Record<string, string>;
	value: number;
}

const METRICS: Metric[] = [
	counter("tidings_events_published_total", "Events that were stored.", ({ tally }) => tally.published),
	counter(
		"tidings_events_delivered_total",
		"Events that were written to streams, once for each stream, replayed ones included.",
		({ tally }) => tally.delivered,
	),
	counter(
		"tidings_events_replayed_total",
		"Events that were read from a channel's log for streams that came back or had fallen behind.",
		({ tally }) => tally.replayed,
	),
	counter("tidings_streams_cut_total", "Streams that were cut as slow consumers.", ({ tally }) => tally.cut),
	{
		name: "tidings_streams_open",
		type: "gauge",
		help: "Streams and WebSockets that are open.",
		samples: ({ streams }) => [{ value: streams }],
	},
	{
		name: "tidings_publish_duration_seconds",
		type: "histogram",
		help: "How long it took to store what was published with one request.",
		samples: latencySamples,
	},
];

/**
 * Writes what was counted as Prometheus reads it.
 *
 * @example
 * prometheusText([{ labels: { channel: "orders" }, tally: newTally(), streams: 3 }]).includes('tidings_streams_open{channel="orders"} 3'); // true
 */
export function prometheusText(all: readonly Labelled[]): string {
	const lines = METRICS.flatMap(({ name, type, help, samples }) => [
		`# HELP ${name} ${help}`,
		`# TYPE ${name} ${type}`,
		...all.flatMap(({ labels, ...measures }) =>
			samples(measures).map(
				({ suffix = "", labels: more, value }) => `${name}${suffix}${labelText({ ...labels, ...more })} ${value}`,
			),
		),
	]);
	return `${lines.join("\n")}\n`;
}

function counter(name: string, help: string, value: (measures: Measures) => number): Metric {
	return { name, help, type: "counter", samples: (measures) => [{ value: value(measures) }] };
}

/** Each bucket holds those before it, too. */
function latencySamples({ tally: { publishes, publishSeconds } }: Measures): Sample[] {
	const buckets = [...LATENCY_BOUNDS.map(String), "+Inf"].map((le, bucket) => ({
		suffix: "_bucket",
		labels: { le },
		value: sumOf(publishes.slice(0, bucket + 1)),
	}));
	return [...buckets, { suffix: "_sum", value: publishSeconds }, { suffix: "_count", value: sumOf(publishes) }];
}

function sumOf(numbers: readonly number[]): number {
	return numbers.reduce((sum, number) => sum + number, 0);
}

/** A channel's name holds nothing that would have to be escaped. */
function labelText(labels: Record<string, string>): string {
	const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
	return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}
