import { Hono } from "hono";
import type { AppEnv } from "../context.ts";
import { describeApi } from "../openapi/document.ts";

let text: string | undefined;

/** `GET /openapi.json`: what the routes take and answer, for tools. Most isolates are never asked, and never write it. */
export const description = new Hono<AppEnv>().get("/openapi.json", (c) => {
	text ??= JSON.stringify(describeApi());
	return c.body(text, 200, {
		"Content-Type": "application/json",
		"Cache-Control": "no-cache",
		"X-Content-Type-Options": "nosniff",
	});
});
