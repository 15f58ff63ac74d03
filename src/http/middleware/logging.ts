import type { Context, MiddlewareHandler } from "hono";
import { requestId } from "hono/request-id";
import { secretsOf } from "../../auth/credentials.ts";
import { Logger } from "../../logger.ts";
import type { AppEnv } from "../context.ts";

/** The id of a request: its `X-Request-Id`, else the id of the app that this one is mounted in, the `CF-Ray`, or a new one. */
export const identify = requestId({
	generator: (c: Context<AppEnv>) => c.get("requestId") ?? c.req.header("CF-Ray") ?? crypto.randomUUID(),
});

/** Logs a line for each request when its response is ready, and adds the `X-Request-Id` to the response. */
export const log: MiddlewareHandler<AppEnv> = async (c, next) => {
	const start = Date.now();
	const request = c.get("requestId");
	const { method } = c.req;
	const url = URL.parse(c.req.url);
	const logger = new Logger({ request }, secretsOf(c.req.raw.headers, url?.search ?? ""));
	c.set("logger", logger);
	await next();
	// A response that a handler did not create with its context lacks the headers of the context.
	if (!c.res.headers.has("X-Request-Id")) c.header("X-Request-Id", request);
	const { status } = c.res;
	const path = url?.pathname ?? c.req.path;
	const milliseconds = Date.now() - start;
	logger.outcome(`${method} ${path} ${status}`, status, c.get("problem"), { method, path, milliseconds });
};
