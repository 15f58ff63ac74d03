import { type Context, Hono } from "hono";
import { describeIssue, Problem } from "../../errors.ts";
import type { EndedSubscribers } from "../../wire/calls.ts";
import { callChannel, checkChannel } from "../channel-stub.ts";
import type { AppEnv } from "../context.ts";
import { pathParameter } from "../reading/path.ts";
import { checkQuery, queryOf, readQuery } from "../reading/query.ts";
import { type Ended, endedQuerySchema, historyQuerySchema } from "./channels-schema.ts";

const HISTORY_NAMES = Object.keys(historyQuerySchema.shape);
const ENDED_NAMES = Object.keys(endedQuerySchema.in.shape);

/** The routes below `/channels/{channel}` that show and administer a channel, for backends. */
export const channels = new Hono<AppEnv>()
	.get("/channels/:channel", async (c) => {
		const channel = await administered(c, pathParameter(c, "channel"));
		return c.json(await callChannel(c.env, channel, (stub) => stub.state()));
	})
	.get("/channels/:channel/events", async (c) => {
		const channel = await administered(c, pathParameter(c, "channel"));
		const { after, limit } = checkQuery(readQuery(c.req.url, HISTORY_NAMES), historyQuerySchema);
		const events = await callChannel(c.env, channel, (stub) => stub.eventsJson(after, limit));
		return c.body(events, 200, { "Content-Type": "application/json" });
	})
	.get("/channels/:channel/subscribers", async (c) => {
		const channel = await administered(c, pathParameter(c, "channel"));
		return c.json(await callChannel(c.env, channel, async (stub) => await stub.subscribers()));
	})
	.delete("/channels/:channel/subscribers", async (c) => {
		const channel = await administered(c, pathParameter(c, "channel"));
		const which = readEnded(c.req.url);
		const ended = await callChannel(c.env, channel, async (stub) => await stub.endSubscribers(which));
		return c.json<Ended>({ channel, ended });
	})
	.delete("/channels/:channel", async (c) => {
		const channel = await administered(c, pathParameter(c, "channel"));
		if (queryOf(c.req.url) !== "") {
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

function readEnded(url: string): EndedSubscribers {
	const checked = endedQuerySchema.safeParse(readQuery(url, ENDED_NAMES));
	if (checked.success) return checked.data;
	const help = "Say whose streams to end: either `?user=` or `?connection=`, once.";
	throw new Problem("invalid_request", `${describeIssue(checked.error, "The query")} ${help}`);
}
