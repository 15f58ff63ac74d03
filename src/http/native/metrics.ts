import type { Context } from "hono";
import { z } from "zod";
import { check } from "../../check.ts";
import { Problem } from "../../errors.ts";
import { METRICS_OBJECT } from "../../metrics/meter.ts";
import { type Labelled, PROMETHEUS_TEXT, prometheusText } from "../../metrics/prometheus.ts";
import { valuesOf } from "../../parameters.ts";
import { channelSchema } from "../../wire/names.ts";
import { callChannel } from "../call-channel.ts";
import { checkChannel } from "../check.ts";
import type { AppEnv } from "../context.ts";
import { CHANNEL, CREDENTIALS, problems } from "../openapi/problems.ts";
import { oneOf } from "../openapi/security.ts";
import { readQuery } from "../reading/query.ts";
import type { Route } from "../route.ts";
import { workerMeter } from "../worker-meter.ts";

/** Each channel takes a request to its object, and an invocation of a Worker has at most six of them in flight. */
const MAX_CHANNELS = 32;

const channelsSchema = z
	.array(channelSchema)
	.max(MAX_CHANNELS, `One request can ask for at most ${MAX_CHANNELS} channels.`);

const querySchema = z.object({
	channel: channelsSchema
		.optional()
		.meta({ description: "A channel to tell of by itself; repeat it for several. Without any, all are added up." }),
});

const QUERY_NAMES = Object.keys(querySchema.shape);

/** `GET /metrics`: the counts of the whole service or of single channels, for Prometheus. */
export const metrics: Route = {
	path: "/metrics",
	method: "get",
	handle: async (c) => {
		const authority = c.get("authority");
		const publisher = await authority.administrator(c.req.raw);
		const names = new Set(valuesOf(readQuery(c.req.url, QUERY_NAMES), "channel"));
		const channels = check(channelsSchema, [...names].map(checkChannel), "invalid_request");
		for (const channel of channels) await authority.allowPublish(publisher, channel);
		const measured = channels.length > 0 ? await measureChannels(c, channels) : [await measureAll(c)];
		return c.body(prometheusText(measured), 200, { "Content-Type": PROMETHEUS_TEXT });
	},
	describe: () => ({
		operationId: "readMetrics",
		tags: ["Administer"],
		summary: "What was counted, for Prometheus",
		security: oneOf("publishKey"),
		requestParams: { query: querySchema },
		responses: {
			200: {
				description: "Prometheus' text format.",
				content: { "text/plain": { schema: { type: "string" } } },
			},
			...problems("invalid_request", "invalid_channel", "not_found", ...CREDENTIALS, ...CHANNEL),
		},
	}),
};

async function measureAll(c: Context<AppEnv>): Promise<Labelled> {
	const { METRICS } = c.env;
	if (!METRICS) {
		const detail =
			'This Worker has no binding METRICS, so nothing is added up (docs/operations.md, "Metrics"). Ask for single channels: `?channel=`.';
		throw new Problem("not_found", detail);
	}
	// The answer then includes what this isolate has counted.
	await workerMeter(c.env, c.get("config"))?.report();
	return { labels: {}, ...(await METRICS.getByName(METRICS_OBJECT).read()) };
}

async function measureChannels(c: Context<AppEnv>, channels: readonly string[]): Promise<Labelled[]> {
	return await Promise.all(
		channels.map(async (channel) => {
			const measures = await callChannel(c.env, { channel }, async (stub) => await stub.measures());
			return { labels: { channel }, ...measures };
		}),
	);
}
