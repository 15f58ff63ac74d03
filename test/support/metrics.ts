import { call, PUBLISH_KEY } from "./service.ts";

/** Samples by their names and labels, without `tidings_`. */
export type Metrics = Record<string, number>;

/** The samples in a text of Prometheus' format. */
export function samplesOf(text: string): Metrics {
	const samples = text
		.split("\n")
		.filter((line) => line !== "" && !line.startsWith("#"))
		.map((line) => {
			const [, name = "", value] = /^tidings_(\S+) (\S+)$/.exec(line) ?? [];
			return [name, Number(value)] as const;
		});
	return Object.fromEntries(samples);
}

/** Reads the metrics of the whole service, without the buckets of the latencies. */
export async function readMetrics(): Promise<Metrics> {
	return await read("/metrics");
}

/** Reads the metrics of a channel, without the label that names it. */
export async function readChannelMetrics(channel: string): Promise<Metrics> {
	const metrics = await read(`/metrics?channel=${channel}`);
	return Object.fromEntries(
		Object.entries(metrics).map(([name, value]) => [name.replace(`{channel="${channel}"}`, ""), value]),
	);
}

/** How much was counted since an earlier reading. */
export async function countedSince(before: Metrics): Promise<Metrics> {
	const after = await readMetrics();
	return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));
}

async function read(path: string): Promise<Metrics> {
	const response = await call(path, { headers: { Authorization: `Bearer ${PUBLISH_KEY}` } });
	if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
	const samples = Object.entries(samplesOf(await response.text()));
	return Object.fromEntries(samples.filter(([name]) => !/_bucket|_sum/.test(name)));
}
