import type { Context, MiddlewareHandler } from "hono";
import { requestId } from "hono/request-id";
import { secretsOf } from "../auth/credentials.ts";
import { Logger } from "../logger.ts";
import type { AppEnv } from "./context.ts";

/** The id that a request came with; or the one that an app around this one gave it, or Cloudflare, or a new one. */
export const identify = requestId({
	generator: (c: Context<AppEnv>) => c.get("requestId") ?? c.req.header("CF-Ray") ?? crypto.randomUUID(),
});

/** Writes a line for each request when its answer is ready, and answers its id. */
export const log: MiddlewareHandler<AppEnv> = async (c, next) => {
	const start = Date.now();
	const request = c.get("requestId");
	const { method } = c.req;
	const url = URL.parse(c.req.url);
	const logger = new Logger({ request }, secretsOf(c.req.raw.headers, url?.search ?? ""));
	c.set("logger", logger);
	await next();
	// An answer that a handler did not make with its context has none of the context's headers.
	if (!c.res.headers.has("X-Request-Id")) c.header("X-Request-Id", request);
	const { status } = c.res;
	const path = url?.pathname ?? c.req.path;
	const milliseconds = Date.now() - start;
	logger.outcome(`${method} ${path} ${status}`, status, c.get("problem"), { method, path, milliseconds });
};
