import { z } from "zod";
import { Problem } from "../../errors.ts";
import { scopeOf } from "../context.ts";
import { problems } from "../openapi/problems.ts";
import { NO_CREDENTIALS } from "../openapi/security.ts";
import type { Route } from "../route.ts";
import { SocketConversation } from "./socket-conversation.ts";

const SUBPROTOCOL = "tidings";

/**
 * `GET /ws`: the same subscription as `GET /events`, over a WebSocket (RFC 6455). Its credentials come in the first
 * message: see `socket-conversation.ts`.
 */
export const ws: Route = {
	path: "/ws",
	method: "get",
	handle: (c) => {
		if (c.req.header("Upgrade")?.toLowerCase() !== "websocket") {
			throw new Problem("invalid_request", "This route is for WebSockets. Open it with `new WebSocket(…)`.");
		}
		const [theirs, ours] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
		ours.accept();
		// Hono's type of the execution context lacks `abort()`.
		const cutOff = () => (c.executionCtx as ExecutionContext).abort();
		new SocketConversation(scopeOf(c), c.req.raw, ours, cutOff).listen();
		const offered = (c.req.header("Sec-WebSocket-Protocol") ?? "").split(",").map((each) => each.trim());
		const headers = new Headers(offered.includes(SUBPROTOCOL) ? { "Sec-WebSocket-Protocol": SUBPROTOCOL } : {});
		return new Response(null, { status: 101, webSocket: theirs, headers });
	},
	describe: () => ({
		operationId: "openSocket",
		tags: ["Subscribe"],
		summary: "The same over a WebSocket",
		description:
			"OpenAPI cannot describe the messages of a WebSocket: they are in `docs/protocol.md`, “WebSocket”. The first of them brings a token or a ticket.",
		security: NO_CREDENTIALS,
		requestParams: {
			header: z.object({
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
			...problems("invalid_request"),
		},
	}),
};
