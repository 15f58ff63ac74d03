import type { Measures } from "./metrics-object.ts";
import { BUCKET_MILLISECONDS } from "./tally.ts";

/** The content type of Prometheus' text format (Prometheus documentation, "Exposition formats"). */
export const PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

/** Measures with the labels that identify them. */
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

/** Only the total of the service is kept on disk. */
const RESETS = "For a single channel, it restarts from 0 when the channel's object sleeps or restarts.";

const METRICS: Metric[] = [
	counter("tidings_events_published_total", "Events stored.", ({ tally }) => tally.published),
	counter(
		"tidings_events_delivered_total",
		`Events written to streams, counted once per stream, replayed events included. ${RESETS}`,
		({ tally }) => tally.delivered,
	),
	counter(
		"tidings_events_replayed_total",
		`Events read from a channel's log for streams that resumed or had fallen behind. ${RESETS}`,
		({ tally }) => tally.replayed,
	),
	counter("tidings_streams_cut_total", `Streams disconnected as slow consumers. ${RESETS}`, ({ tally }) => tally.cut),
	{
		name: "tidings_streams_open",
		type: "gauge",
		help: "Open streams and WebSockets.",
		samples: ({ streams }) => [{ value: streams }],
	},
	{
		name: "tidings_publish_duration_seconds",
		type: "histogram",
		help: `Time taken to store the events of one publish request. ${RESETS}`,
		samples: latencySamples,
	},
];

/**
 * Formats measures in Prometheus' text format.
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

/** Buckets are cumulative: each includes all buckets before it. Prometheus' base unit is the second. */
function latencySamples({ tally: { publishes, publishMilliseconds } }: Measures): Sample[] {
	const buckets = [...BUCKET_MILLISECONDS.map((bound) => `${bound / 1000}`), "+Inf"].map((le, bucket) => ({
		suffix: "_bucket",
		labels: { le },
		value: sumOf(publishes.slice(0, bucket + 1)),
	}));
	return [
		...buckets,
		{ suffix: "_sum", value: publishMilliseconds / 1000 },
		{ suffix: "_count", value: sumOf(publishes) },
	];
}

function sumOf(numbers: readonly number[]): number {
	return numbers.reduce((sum, number) => sum + number, 0);
}

/** Channel names contain no character that needs escaping. */
function labelText(labels: Record<string, string>): string {
	const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
	return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}
