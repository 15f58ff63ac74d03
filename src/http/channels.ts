import { type Context, Hono } from "hono";
import type { EndedSubscribers } from "../channel/channel.ts";
import { Problem } from "../errors.ts";
import { parseCursor } from "../sse/cursor.ts";
import { callChannel, checkChannel } from "./channel-stub.ts";
import type { AppEnv } from "./env.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** The routes below `/channels/{channel}` that show and administer a channel, for backends. */
export const channels = new Hono<AppEnv>()
	.get("/channels/:channel", async (c) => {
		const channel = await administered(c, c.req.param("channel"));
		return c.json(await callChannel(c.env, channel, (stub) => stub.state()));
	})
	.get("/channels/:channel/events", async (c) => {
		const channel = await administered(c, c.req.param("channel"));
		const after = readAfter(c.req.query("after"));
		const limit = readLimit(c.req.query("limit"));
		const events = await callChannel(c.env, channel, (stub) => stub.eventsJson(after, limit));
		return c.body(events, 200, { "Content-Type": "application/json" });
	})
	.get("/channels/:channel/subscribers", async (c) => {
		const channel = await administered(c, c.req.param("channel"));
		return c.json(await callChannel(c.env, channel, async (stub) => await stub.subscribers()));
	})
	.delete("/channels/:channel/subscribers", async (c) => {
		const channel = await administered(c, c.req.param("channel"));
		const which = readEnded(c.req.queries());
		const ended = await callChannel(c.env, channel, async (stub) => await stub.endSubscribers(which));
		return c.json({ channel, ended });
	})
	.delete("/channels/:channel", async (c) => {
		const channel = await administered(c, c.req.param("channel"));
		if (new URL(c.req.url).search !== "") {
			const detail =
				"This wipes the whole channel, so it takes no query. To end streams, DELETE …/subscribers?user= or ?connection=.";
			throw new Problem("invalid_request", detail);
		}
		const ended = await callChannel(c.env, channel, async (stub) => await stub.wipe());
		return c.json({ channel, ended });
	});

/** These routes show what is addressed to anybody. */
async function administered(c: Context<AppEnv>, name: string): Promise<string> {
	const authority = c.get("authority");
	const publisher = await authority.administrator(c.req.raw);
	const channel = checkChannel(name);
	await authority.allowPublish(publisher, channel);
	return channel;
}

/** Exactly one of the two: what is left out must not end everybody's streams. */
function readEnded({ user = [], connection = [] }: Record<string, string[]>): EndedSubscribers {
	const [value = "", ...others] = [...user, ...connection];
	if (value === "" || others.length > 0) {
		throw new Problem("invalid_request", "Say whose streams to end: either `?user=` or `?connection=`, once.");
	}
	return user.length > 0 ? { user: value } : { connection: value };
}

function readAfter(text: string | undefined): number {
	if (text === undefined) return 0;
	const after = parseCursor(text);
	if (after === undefined) throw new Problem("invalid_request", "`after` must be the id of an event.");
	return after;
}

function readLimit(text: string | undefined): number {
	if (text === undefined) return DEFAULT_LIMIT;
	const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
	if (limit >= 1 && limit <= MAX_LIMIT) return limit;
	throw new Problem("invalid_request", `\`limit\` must be a whole number from 1 to ${MAX_LIMIT}.`);
}
