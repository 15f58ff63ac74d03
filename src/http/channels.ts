import { type Context, Hono } from "hono";
import type { z } from "zod";
import type { EndedSubscribers } from "../channel/channel.ts";
import { describeIssue, Problem } from "../errors.ts";
import { callChannel, checkChannel } from "./channel-stub.ts";
import { type Ended, endedQuerySchema, historyQuerySchema } from "./channels-schema.ts";
import type { AppEnv } from "./env.ts";
import { readQuery } from "./query.ts";

/** The routes below `/channels/{channel}` that show and administer a channel, for backends. */
export const channels = new Hono<AppEnv>()
	.get("/channels/:channel", async (c) => {
		const channel = await administered(c, c.req.param("channel"));
		return c.json(await callChannel(c.env, channel, (stub) => stub.state()));
	})
	.get("/channels/:channel/events", async (c) => {
		const channel = await administered(c, c.req.param("channel"));
		const { after, limit } = readHistoryQuery(c.req.query());
		const events = await callChannel(c.env, channel, (stub) => stub.eventsJson(after, limit));
		return c.body(events, 200, { "Content-Type": "application/json" });
	})
	.get("/channels/:channel/subscribers", async (c) => {
		const channel = await administered(c, c.req.param("channel"));
		return c.json(await callChannel(c.env, channel, async (stub) => await stub.subscribers()));
	})
	.delete("/channels/:channel/subscribers", async (c) => {
		const channel = await administered(c, c.req.param("channel"));
		const which = readEnded(new URL(c.req.url).searchParams);
		const ended = await callChannel(c.env, channel, async (stub) => await stub.endSubscribers(which));
		return c.json<Ended>({ channel, ended });
	})
	.delete("/channels/:channel", async (c) => {
		const channel = await administered(c, c.req.param("channel"));
		if (new URL(c.req.url).search !== "") {
			const detail =
				"This wipes the whole channel, so it takes no query. To end streams, DELETE …/subscribers?user= or ?connection=.";
			throw new Problem("invalid_request", detail);
		}
		const ended = await callChannel(c.env, channel, async (stub) => await stub.wipe());
		return c.json<Ended>({ channel, ended });
	});

/** These routes show what is addressed to anybody. */
async function administered(c: Context<AppEnv>, name: string): Promise<string> {
	const authority = c.get("authority");
	const publisher = await authority.administrator(c.req.raw);
	const channel = checkChannel(name);
	await authority.allowPublish(publisher, channel);
	return channel;
}

function readEnded(query: URLSearchParams): EndedSubscribers {
	const checked = endedQuerySchema.safeParse(readQuery(query));
	if (checked.success) return checked.data;
	const help = "Say whose streams to end: either `?user=` or `?connection=`, once.";
	throw new Problem("invalid_request", `${describeIssue(checked.error, "The query")} ${help}`);
}

function readHistoryQuery(query: Record<string, string>): z.output<typeof historyQuerySchema> {
	const checked = historyQuerySchema.safeParse(query);
	if (checked.success) return checked.data;
	throw new Problem("invalid_request", describeIssue(checked.error, "The query"));
}
