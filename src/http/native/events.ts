import { z } from "zod";
import { Problem } from "../../errors.ts";
import { valuesOf } from "../../parameters.ts";
import { EventStream } from "../../session/event-stream.ts";
import { Session, type SessionOptions } from "../../session/session.ts";
import type { DialectName } from "../../wire/dialect/dialects.ts";
import { openHeaders } from "../../wire/link.ts";
import { check } from "../check.ts";
import { scopeOf } from "../context.ts";
import { CHANNEL, CREDENTIALS, problems } from "../openapi/problems.ts";
import { NO_CREDENTIALS, oneOf } from "../openapi/security.ts";
import { readQuery } from "../reading/query.ts";
import type { Operation, Route } from "../route.ts";
import { prepareSubscription } from "../subscribing.ts";
import {
	CURSOR_ALIASES,
	cursorIn,
	EVENTS_NAMES,
	eventsHeaders,
	eventsParameters,
	eventsQuerySchema,
} from "./events-query.ts";

const PATH = "/events";

/** `GET /events`: a stream of the events of one or several channels. */
export const events: Route = {
	path: PATH,
	method: "get",
	handle: async (c) => {
		if (c.req.method === "HEAD") {
			throw new Problem("method_not_allowed", "A stream has no HEAD. Open it with GET.", { headers: { Allow: "GET" } });
		}
		const parameters = readQuery(c.req.url, EVENTS_NAMES, CURSOR_ALIASES);
		const cursor = c.req.header("Last-Event-ID") || cursorIn(parameters);
		const lease = await c.get("authority").leaseFor(c.req.raw, parameters, cursor !== undefined);
		const query = check(eventsQuerySchema, parameters, "invalid_request", "The query");
		const options = await prepareSubscription(scopeOf(c), lease, {
			channels: valuesOf(parameters, "channel"),
			inbox: query.inbox === "1",
			types: query.type,
			dialect: dialectOf(query),
			presence: query.presence === "1",
			cursor,
			rewind: query.rewind,
			since: query.since,
		});
		const { DELIVERY, HEARTBEAT_SECONDS, MAX_BACKLOG_BYTES } = c.get("config");
		const [channel, ...others] = options.channels;
		if (channel !== undefined && others.length === 0 && DELIVERY === "direct") {
			return await openDirectly(channel, options, c.get("requestId"));
		}
		const stream = new EventStream({
			maxBacklogBytes: MAX_BACKLOG_BYTES,
			drainMilliseconds: 2 * HEARTBEAT_SECONDS * 1000,
			left: () => session.leave(),
		});
		const session = new Session(options, stream);
		const refusal = await session.start();
		if (refusal) throw await Problem.fromResponse(refusal);
		return stream.toResponse();
	},
	describe: () => ({
		operationId: "subscribe",
		tags: ["Subscribe"],
		summary: "Open a stream of one or several channels",
		description:
			"A stream of server-sent events, which ends with the credentials. What it says is in `docs/protocol.md`, “Subscribe”.",
		security: oneOf("token", "queryToken", "queryTicket"),
		requestParams: { query: eventsParameters, header: eventsHeaders },
		responses: {
			200: {
				description: "The stream. Its first event is `connected`.",
				headers: z.object({ "Cache-Control": z.string(), "X-Accel-Buffering": z.string() }),
				content: { "text/event-stream": { schema: { type: "string" } } },
			},
			...problems(
				"invalid_request",
				"invalid_channel",
				...CREDENTIALS,
				...CHANNEL,
				"rate_limited",
				"too_many_connections",
				"channel_full",
			),
		},
	}),
};

/** Hono hands HEAD to the handler of GET. */
export const eventsHead: Operation = {
	path: PATH,
	method: "head",
	describe: () => ({
		operationId: "refuseHead",
		tags: ["Subscribe"],
		summary: "There is no stream without its body",
		security: NO_CREDENTIALS,
		responses: problems("method_not_allowed"),
	}),
};

/** Returns the response of the channel's object as it is: its body then bypasses the JavaScript of this Worker. */
async function openDirectly(
	channel: string,
	{ subscription, starts, call }: SessionOptions,
	requestId: string,
): Promise<Response> {
	const response = await call(channel, openHeaders({ ...subscription, ...starts.get(channel) }, requestId));
	if (!response.ok) throw await Problem.fromResponse(response);
	return response;
}

function dialectOf({ envelope, unnamed }: z.output<typeof eventsQuerySchema>): DialectName {
	if (envelope !== "1") return "named";
	return unnamed === "1" ? "unnamed" : "envelope";
}
