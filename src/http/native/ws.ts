import { Hono } from "hono";
import { Problem } from "../../errors.ts";
import type { AppEnv } from "../context.ts";
import { SocketConversation } from "./socket-conversation.ts";

const SUBPROTOCOL = "tidings";

/** `GET /ws`: the same subscription as `GET /events`, for clients that prefer a WebSocket (RFC 6455). */
export const socket = new Hono<AppEnv>().get("/ws", (c) => {
	if (c.req.header("Upgrade")?.toLowerCase() !== "websocket") {
		throw new Problem("invalid_request", "This route is for WebSockets. Open it with `new WebSocket(…)`.");
	}
	const [theirs, ours] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
	ours.accept();
	// Hono's type does not know all that a request's context can do.
	const cutOff = () => (c.executionCtx as ExecutionContext).abort();
	new SocketConversation(c.env, c.get("authority"), c.req.raw, ours, cutOff).listen();
	const offered = (c.req.header("Sec-WebSocket-Protocol") ?? "").split(",").map((each) => each.trim());
	const headers = new Headers(offered.includes(SUBPROTOCOL) ? { "Sec-WebSocket-Protocol": SUBPROTOCOL } : {});
	return new Response(null, { status: 101, webSocket: theirs, headers });
});
