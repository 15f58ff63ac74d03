import type { Context } from "hono";
import { z } from "zod";
import { Problem } from "../../errors.ts";
import type { SessionOptions } from "../../session/session-options.ts";
import { connectHeaders } from "../../wire/link.ts";
import { type AppEnv, scopeOf } from "../context.ts";
import { problems, STREAM } from "../openapi/problems.ts";
import { oneOfOrNone } from "../openapi/security.ts";
import { openLone } from "../placing/lone-stream.ts";
import { asksForWebSocket } from "../reading/upgrade.ts";
import type { Route } from "../route.ts";
import { SocketConversation } from "./socket-conversation.ts";
import { requestedStream, streamHeaders } from "./stream-query.ts";
import { isComplete, wsParameters, wsQuery } from "./ws-query.ts";

const SUBPROTOCOL = "tidings";
/** The URL that opened a WebSocket is kept with it, where little room is. */
const MAX_URL_CHARACTERS = 512;

/**
 * `GET /ws`: the same subscription as `GET /events`, over a WebSocket (RFC 6455). Credentials and channels come with the
 * request, or in the first message: see `socket-conversation.ts`.
 */
export const ws: Route = {
	path: "/ws",
	method: "get",
	handle: async (c) => {
		if (!asksForWebSocket(c)) {
			throw new Problem("invalid_request", "This route is for WebSockets. Open it with `new WebSocket(…)`.");
		}
		const options = isComplete(c.req.raw, c.get("config")) ? await requestedStream(c, wsQuery) : undefined;
		const [channel, ...others] = options?.channels ?? [];
		const webSocket =
			options && channel !== undefined && others.length === 0
				? await connect(c, channel, options)
				: await converse(c, options);
		const offered = (c.req.header("Sec-WebSocket-Protocol") ?? "").split(",").map((each) => each.trim());
		const headers = new Headers(offered.includes(SUBPROTOCOL) ? { "Sec-WebSocket-Protocol": SUBPROTOCOL } : {});
		return new Response(null, { status: 101, webSocket, headers });
	},
	describe: () => ({
		operationId: "openSocket",
		tags: ["Subscribe"],
		summary: "The same over a WebSocket",
		description:
			"OpenAPI cannot describe the messages of a WebSocket: they are in `docs/protocol.md`, “WebSocket”. Without a channel and credentials in the request, the first of them brings both, and the query is not read. Credentials may be missing where a rule of all channels says `anonymous`.",
		security: oneOfOrNone("token", "queryToken", "queryTicket"),
		requestParams: {
			query: wsParameters,
			header: streamHeaders.extend({
				Upgrade: z.literal("websocket"),
				"Sec-WebSocket-Protocol": z.string().optional().meta({ description: "`tidings`, which need not be offered." }),
			}),
		},
		responses: {
			101: {
				description: "The WebSocket is open.",
				headers: z.object({
					"Sec-WebSocket-Protocol": z.literal(SUBPROTOCOL).optional().meta({ description: "Where it was offered." }),
				}),
			},
			...problems(...STREAM),
		},
	}),
};

/** Returns the WebSocket of the channel's object as it is: its messages bypass this Worker, and the channel may hibernate. */
async function connect(c: Context<AppEnv>, channel: string, options: SessionOptions): Promise<WebSocket> {
	const { origin, pathname } = new URL(c.req.url);
	const opening = { url: (origin + pathname).slice(0, MAX_URL_CHARACTERS), request: c.get("requestId") };
	const response = await openLone(channel, options, (subscription) => connectHeaders({ subscription, opening }));
	if (!response.webSocket) throw await Problem.fromResponse(response);
	return response.webSocket;
}

/** Returns the client's end of a WebSocket that this Worker holds. Without a subscription, the client sends an `auth`. */
async function converse(c: Context<AppEnv>, options: SessionOptions | undefined): Promise<WebSocket> {
	const [theirs, ours] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
	ours.accept();
	// Hono's type of the execution context lacks `abort()`.
	const cutOff = () => (c.executionCtx as ExecutionContext).abort();
	const conversation = new SocketConversation(scopeOf(c), c.req.raw, ours, cutOff);
	conversation.listen();
	if (options) await conversation.open(options);
	else conversation.expectAuth();
	return theirs;
}
