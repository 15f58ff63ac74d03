import type { Context } from "hono";
import { z } from "zod";
import { rulesFor } from "../../channel-rules.ts";
import { Problem } from "../../errors.ts";
import { EventStream } from "../../session/event-stream.ts";
import { Session } from "../../session/session.ts";
import type { SessionOptions } from "../../session/session-options.ts";
import { END_REASON, endReasonOf, isAtEnd } from "../../wire/at-end.ts";
import { openHeaders } from "../../wire/link.ts";
import type { AppEnv } from "../context.ts";
import { problems, STREAM } from "../openapi/problems.ts";
import { NO_CREDENTIALS, oneOfOrNone } from "../openapi/security.ts";
import { openLone } from "../placing/lone-stream.ts";
import type { Operation, Route } from "../route.ts";
import { eventsParameters, eventsQuery } from "./events-query.ts";
import { requestedStream, streamHeaders } from "./stream-query.ts";

const PATH = "/events";
/** The answer to a client that has got everything (WHATWG HTML, "Server-sent events"): `EventSource` stops for good. */
const NO_CONTENT = 204;

/** `GET /events`: a stream of the events of one or several channels. */
export const events: Route = {
	path: PATH,
	method: "get",
	handle: async (c) => {
		if (c.req.method === "HEAD") {
			throw new Problem("method_not_allowed", "A stream has no HEAD. Open it with GET.", { headers: { Allow: "GET" } });
		}
		const options = await requestedStream(c, eventsQuery);
		const config = c.get("config");
		const { HEARTBEAT_SECONDS, MAX_BACKLOG_BYTES } = config;
		const [channel, ...others] = options.channels;
		const isAlone = channel !== undefined && others.length === 0;
		if (isAlone && rulesFor(config, channel).delivery === "direct") {
			const response = await openDirectly(channel, options, c.get("requestId"));
			return isAtEnd(response) ? noContent(c, response) : response;
		}
		const stream = new EventStream({
			maxBacklogBytes: MAX_BACKLOG_BYTES,
			drainMilliseconds: 2 * HEARTBEAT_SECONDS * 1000,
			left: () => session.leave(),
		});
		const session = new Session(options, stream);
		const refusal = await session.start(true);
		if (!refusal) return stream.toResponse();
		if (isAtEnd(refusal)) return noContent(c, refusal);
		throw await Problem.fromResponse(refusal);
	},
	describe: () => ({
		operationId: "subscribe",
		tags: ["Subscribe"],
		summary: "Open a stream of one or several channels",
		description:
			"A stream of server-sent events, which ends with the credentials. What it says is in `docs/protocol.md`, “Subscribe”. Credentials may be missing where a rule of all channels says `anonymous`.",
		security: oneOfOrNone("token", "queryToken", "queryTicket"),
		requestParams: { query: eventsParameters, header: streamHeaders },
		responses: {
			200: {
				description: "The stream. Its first event is `connected`, unless there is `control=0`.",
				headers: z.object({ "Cache-Control": z.string(), "X-Accel-Buffering": z.string() }),
				content: { "text/event-stream": { schema: { type: "string" } } },
			},
			204: {
				description: "The channels have ended, and the cursor is at their ends: nothing is left to come.",
				headers: z.object({
					[END_REASON]: z.enum(["ended", "abandoned"]).meta({
						description: "`abandoned` if the publisher of one of them had gone, so that its events are not complete.",
					}),
				}),
			},
			...problems(...STREAM, "gap"),
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

/** The answer to a client that has everything, with the headers of this Worker. */
function noContent(c: Context<AppEnv>, answer: Response): Response {
	return c.body(null, NO_CONTENT, { [END_REASON]: endReasonOf(answer) });
}

/** Returns the response of the channel's object as it is: its body then bypasses the JavaScript of this Worker. */
async function openDirectly(channel: string, options: SessionOptions, requestId: string): Promise<Response> {
	const response = await openLone(channel, options, (subscription) =>
		openHeaders({ ...subscription, unlessAtEnd: true }, requestId),
	);
	if (!response.ok) throw await Problem.fromResponse(response);
	return response;
}
