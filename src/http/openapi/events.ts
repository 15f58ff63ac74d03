import { z } from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { eventsHeaders, eventsParameters } from "../native/events-query.ts";
import { CHANNEL, CREDENTIALS, problems } from "./problems.ts";
import { NO_CREDENTIALS, oneOf } from "./security.ts";

const streamHeaders = z.object({ "Cache-Control": z.string(), "X-Accel-Buffering": z.string() });

/** Opening streams. */
export const eventsPaths = (): ZodOpenApiPathsObject => ({
	"/events": {
		get: {
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
					headers: streamHeaders,
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
		},
		head: {
			operationId: "refuseHead",
			tags: ["Subscribe"],
			summary: "There is no stream without its body",
			security: NO_CREDENTIALS,
			responses: problems("method_not_allowed"),
		},
	},
	"/ws": {
		get: {
			operationId: "openSocket",
			tags: ["Subscribe"],
			summary: "The same over a WebSocket",
			description:
				"OpenAPI cannot describe the messages of a WebSocket: they are in `docs/protocol.md`, “WebSocket”. The first of them brings a token or a ticket.",
			security: NO_CREDENTIALS,
			requestParams: {
				header: z.object({
					Upgrade: z.literal("websocket"),
					"Sec-WebSocket-Protocol": z
						.string()
						.optional()
						.meta({ description: "`tidings`, which need not be offered." }),
				}),
			},
			responses: {
				101: {
					description: "The WebSocket is open.",
					headers: z.object({
						"Sec-WebSocket-Protocol": z.literal("tidings").optional().meta({ description: "Where it was offered." }),
					}),
				},
				...problems("invalid_request"),
			},
		},
	},
});
