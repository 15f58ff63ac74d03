import { Hono } from "hono";
import type { z } from "zod";
import { Problem } from "../../errors.ts";
import { EventStream } from "../../outlet/event-stream.ts";
import { valuesOf } from "../../parameters.ts";
import { Relay, type RelayOptions } from "../../session/session.ts";
import type { EventForm } from "../../wire/event.ts";
import { openRequest } from "../../wire/link.ts";
import type { AppEnv } from "../context.ts";
import { checkQuery, readQuery } from "../reading/query.ts";
import { prepareSubscription } from "../subscribing.ts";
import { CURSOR_ALIASES, cursorIn, EVENTS_NAMES, eventsQuerySchema } from "./events-query.ts";

/** `GET /events`: a stream of the events of one or several channels. */
export const events = new Hono<AppEnv>().get("/events", async (c) => {
	if (c.req.method === "HEAD") {
		throw new Problem("method_not_allowed", "A stream has no HEAD; open it with GET.", { headers: { Allow: "GET" } });
	}
	const parameters = readQuery(c.req.url, EVENTS_NAMES, CURSOR_ALIASES);
	const cursor = c.req.header("Last-Event-ID") || cursorIn(parameters);
	const authority = c.get("authority");
	const subscriber = await authority.subscriber(c.req.raw, cursor !== undefined);
	const query = checkQuery(parameters, eventsQuerySchema);
	const options = await prepareSubscription(c.env, authority, subscriber, {
		channels: valuesOf(parameters, "channel"),
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
async function openDirectly({ channels, subscription, starts, call }: RelayOptions): Promise<Response> {
	const channel = channels[0] ?? "";
	const response = await call(channel, openRequest({ ...subscription, ...starts.get(channel) }));
	if (!response.ok) throw await Problem.fromResponse(response);
	return response;
}

function formOf({ envelope, unnamed }: z.output<typeof eventsQuerySchema>): EventForm {
	if (envelope !== "1") return "frame";
	return unnamed === "1" ? "unnamed" : "envelope";
}
