import { Hono } from "hono";
import { z } from "zod";
import type { Subscription } from "../channel/stream.ts";
import { describeIssue, Problem } from "../errors.ts";
import { callChannel, checkChannel } from "./channel-stub.ts";
import type { AppEnv } from "./env.ts";

const MAX_CHANNELS = 32;
const MAX_TYPES = 64;

const rewindSchema = z
	.union([
		z.literal("all"),
		z
			.string()
			.regex(/^[1-9]\d{0,8}$/)
			.transform(Number),
	])
	.optional();

const sinceSchema = z
	.union([
		z
			.string()
			.regex(/^\d{1,15}$/)
			.transform(Number),
		z.iso.datetime({ offset: true }).transform(Date.parse),
	])
	.optional();

const querySchema = z
	.object({
		type: z.array(z.string()).max(MAX_TYPES, `must be given at most ${MAX_TYPES} times`),
		rewind: onlyOne(rewindSchema, "must be a whole number from 1 on, or `all`"),
		since: onlyOne(sinceSchema, "must be an RFC 3339 time such as `2026-01-31T12:00:00Z`, or unix milliseconds"),
		envelope: onlyOne(z.enum(["0", "1"]).optional(), "must be 0 or 1"),
		lastEventId: onlyOne(z.string().optional(), "must be a cursor"),
	})
	.refine(({ rewind, since }) => rewind === undefined || since === undefined, {
		path: ["rewind"],
		error: "must not come with `since`; choose one",
	});

/** `GET /events`: a stream of a channel's events. */
export const events = new Hono<AppEnv>().get("/events", async (c) => {
	if (c.req.method === "HEAD") {
		throw new Problem("method_not_allowed", "A stream has no HEAD; open it with GET.", { allow: ["GET"] });
	}
	const { searchParams } = new URL(c.req.url);
	const cursor = c.req.header("Last-Event-ID") || searchParams.get("lastEventId") || undefined;
	const authority = c.get("authority");
	const { user, endsAt } = await authority.subscriber(c.req.raw, cursor !== undefined);
	const query = readQuery(searchParams);
	const channel = readChannel(searchParams);
	await authority.allowSubscribe(user, channel);
	const subscription: Subscription = {
		user: user.sub,
		claims: user.claims,
		envelope: query.envelope === "1",
		expires: user.expires,
		endsAt,
		issuedAt: user.issuedAt,
		...(query.type.length > 0 && { types: query.type }),
		...(cursor !== undefined && { cursor }),
		...(query.rewind !== undefined && { rewind: query.rewind }),
		...(query.since !== undefined && { since: query.since }),
	};
	// The object's response passes through untouched, and so without this Worker's JavaScript.
	return await callChannel(c.env, channel, (stub) =>
		stub.fetch("https://channel/", { method: "POST", body: JSON.stringify(subscription) }),
	);
});

function readChannel(query: URLSearchParams): string {
	const names = new Set(query.getAll("channel"));
	const [name] = names;
	if (name === undefined) throw new Problem("invalid_request", "Name the channel: `/events?channel=orders`.");
	for (const each of names) checkChannel(each);
	if (names.size > MAX_CHANNELS) throw new Problem("invalid_request", `A stream has at most ${MAX_CHANNELS} channels.`);
	if (names.size > 1) {
		throw new Problem(
			"invalid_request",
			"A stream has one channel for now: several in one stream are not supported yet. Open one each.",
		);
	}
	return name;
}

function readQuery(query: URLSearchParams): z.output<typeof querySchema> {
	const names = ["rewind", "since", "envelope", "lastEventId"] as const;
	const raw = { type: query.getAll("type"), ...Object.fromEntries(names.map((name) => [name, query.getAll(name)])) };
	const checked = querySchema.safeParse(raw);
	if (checked.success) return checked.data;
	throw new Problem("invalid_request", describeIssue(checked.error, "The query"));
}

/** A parameter that may be given once. */
function onlyOne<Schema extends z.ZodType<unknown, string | undefined>>(schema: Schema, problem: string) {
	return z.array(z.string()).transform((values, context): z.output<Schema> => {
		const checked = schema.safeParse(values[0]);
		if (checked.success && values.length <= 1) return checked.data;
		context.addIssue({ code: "custom", message: values.length > 1 ? "must be given once" : problem });
		return z.NEVER;
	});
}
