import type { Context } from "hono";

/** Whether a request asks for a WebSocket (RFC 6455, section 4.1). */
export function asksForWebSocket(c: Context): boolean {
	return c.req.header("Upgrade")?.toLowerCase() === "websocket";
}
