import { Hono } from "hono";
import { z } from "zod";
import { describeIssue, Problem } from "../errors.ts";
import { openRequest } from "../link.ts";
import { EventStream } from "../relay/event-stream.ts";
import { Relay, type RelayOptions } from "../relay/relay.ts";
import type { EventForm } from "../sse/event.ts";
import type { AppEnv } from "./env.ts";
import {
	hasOneStart,
	ONE_START,
	REWIND_HELP,
	rewindSchema,
	SINCE_HELP,
	sinceSchema,
	typesSchema,
} from "./subscribe-schema.ts";
import { prepareSubscription } from "./subscribing.ts";

const flag = z.enum(["0", "1"]).optional();

const querySchema = z
	.object({
		type: typesSchema,
		rewind: onlyOne(rewindSchema.optional(), REWIND_HELP),
		since: onlyOne(sinceSchema.optional(), SINCE_HELP),
		envelope: onlyOne(flag, "must be 0 or 1"),
		unnamed: onlyOne(flag, "must be 0 or 1"),
		inbox: onlyOne(flag, "must be 0 or 1"),
		presence: onlyOne(flag, "must be 0 or 1"),
		lastEventId: onlyOne(z.string().optional(), "must be a cursor"),
	})
	.refine(hasOneStart, ONE_START)
	.refine(({ envelope, unnamed }) => unnamed !== "1" || envelope === "1", {
		path: ["unnamed"],
		error: "must come with `envelope=1`: nothing else would tell an event's type",
	});

/** `GET /events`: a stream of the events of one or several channels. */
export const events = new Hono<AppEnv>().get("/events", async (c) => {
	if (c.req.method === "HEAD") {
		throw new Problem("method_not_allowed", "A stream has no HEAD; open it with GET.", { allow: ["GET"] });
	}
	const { searchParams } = new URL(c.req.url);
	const cursor = c.req.header("Last-Event-ID") || searchParams.get("lastEventId") || undefined;
	const authority = c.get("authority");
	const subscriber = await authority.subscriber(c.req.raw, cursor !== undefined);
	const query = readQuery(searchParams);
	const options = await prepareSubscription(c.env, authority, subscriber, {
		channels: searchParams.getAll("channel"),
		inbox: query.inbox === "1",
		types: query.type,
		form: formOf(query),
		presence: query.presence === "1",
		cursor,
		rewind: query.rewind,
		since: query.since,
	});
	const { DELIVERY, HEARTBEAT_SECONDS, MAX_BACKLOG_BYTES, RETRY_MILLISECONDS } = authority.config;
	if (options.channels.length === 1 && DELIVERY === "direct") return await openDirectly(options);
	const stream = new EventStream({
		maxBacklogBytes: MAX_BACKLOG_BYTES,
		retryMilliseconds: RETRY_MILLISECONDS,
		drainMilliseconds: 2 * HEARTBEAT_SECONDS * 1000,
		left: () => relay.leave(),
	});
	const relay = new Relay(options, stream);
	const refusal = await relay.start();
	if (refusal) throw await Problem.fromResponse(refusal);
	return stream.toResponse();
});

/** The object's response passes through untouched, and so without this Worker's JavaScript. */
async function openDirectly({ channels, subscription, positions, call }: RelayOptions): Promise<Response> {
	const channel = channels[0] ?? "";
	const position = positions?.get(channel);
	const response = await call(channel, openRequest({ ...subscription, ...(position !== undefined && { position }) }));
	if (!response.ok) throw await Problem.fromResponse(response);
	return response;
}

function readQuery(query: URLSearchParams): z.output<typeof querySchema> {
	const names = ["rewind", "since", "envelope", "unnamed", "inbox", "presence", "lastEventId"] as const;
	const raw = { type: query.getAll("type"), ...Object.fromEntries(names.map((name) => [name, query.getAll(name)])) };
	const checked = querySchema.safeParse(raw);
	if (checked.success) return checked.data;
	throw new Problem("invalid_request", describeIssue(checked.error, "The query"));
}

function formOf({ envelope, unnamed }: z.output<typeof querySchema>): EventForm {
	if (envelope !== "1") return "frame";
	return unnamed === "1" ? "unnamed" : "envelope";
}

/** A parameter that may be given once. */
function onlyOne<Schema extends z.ZodType>(schema: Schema, problem: string) {
	return z.array(z.string()).transform((values, context): z.output<Schema> => {
		const checked = schema.safeParse(values[0]);
		if (checked.success && values.length <= 1) return checked.data;
		context.addIssue({ code: "custom", message: values.length > 1 ? "must be given once" : problem });
		return z.NEVER;
	});
}
