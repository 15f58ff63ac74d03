import { type Context, Hono } from "hono";
import { firstMessage, Problem } from "../../errors.ts";
import { METRICS_OBJECT } from "../../metrics/meter.ts";
import { type Labelled, PROMETHEUS_TEXT, prometheusText } from "../../metrics/prometheus.ts";
import { valuesOf } from "../../parameters.ts";
import { callChannel, checkChannel } from "../channel-stub.ts";
import type { AppEnv } from "../context.ts";
import { readQuery } from "../reading/query.ts";
import { workerMeter } from "../worker-meter.ts";
import { metricsChannelsSchema, metricsQuerySchema } from "./metrics-schema.ts";

const NAMES = Object.keys(metricsQuerySchema.shape);

/** `GET /metrics`: what was counted, of the whole service or of single channels, for Prometheus. */
export const metrics = new Hono<AppEnv>().get("/metrics", async (c) => {
	const authority = c.get("authority");
	const publisher = await authority.administrator(c.req.raw);
	const channels = readChannels(valuesOf(readQuery(c.req.url, NAMES), "channel"));
	for (const channel of channels) await authority.allowPublish(publisher, channel);
	const measured = channels.length > 0 ? await measureChannels(c, channels) : [await measureAll(c)];
	return c.body(prometheusText(measured), 200, { "Content-Type": PROMETHEUS_TEXT });
});

function readChannels(names: readonly string[]): string[] {
	const checked = metricsChannelsSchema.safeParse([...new Set(names)].map(checkChannel));
	if (checked.success) return checked.data;
	throw new Problem("invalid_request", firstMessage(checked.error));
}

async function measureAll(c: Context<AppEnv>): Promise<Labelled> {
	const { METRICS } = c.env;
	if (!METRICS) {
		const detail =
			'This Worker adds nothing up: it has no binding METRICS (docs/operations.md, "Metrics"). Channels can be asked for one by one: `?channel=`.';
		throw new Problem("not_found", detail);
	}
	// What was counted here should not be missing.
	await workerMeter(c.env, c.get("authority").config)?.report();
	return { labels: {}, ...(await METRICS.getByName(METRICS_OBJECT).read()) };
}

async function measureChannels(c: Context<AppEnv>, channels: readonly string[]): Promise<Labelled[]> {
	return await Promise.all(
		channels.map(async (channel) => {
			const measures = await callChannel(c.env, channel, async (stub) => await stub.measures());
			return { labels: { channel }, ...measures };
		}),
	);
}
