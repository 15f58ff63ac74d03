import type { Context, MiddlewareHandler } from "hono";
import { secretsOf } from "../../auth/credentials.ts";
import { Logger } from "../../logger.ts";
import type { AppEnv } from "../context.ts";
import { pathOf } from "../reading/path.ts";
import { queryOf } from "../reading/query.ts";

const REQUEST_ID = /^[\w=-]{1,255}$/;

/** Logs a line for each request when its response is ready, and adds the `X-Request-Id` to the response. */
export const log: MiddlewareHandler<AppEnv> = async (c, next) => {
	const start = Date.now();
	const { method, url } = c.req;
	const request = requestIdOf(c);
	const logger = new Logger({ request }, secretsOf(c.req.raw.headers, queryOf(url)));
	c.set("requestId", request);
	c.set("logger", logger);
	await next();
	tellRequestId(c, request);
	const { status } = c.res;
	const path = pathOf(url);
	const milliseconds = Date.now() - start;
	logger.outcome(`${method} ${path} ${status}`, status, c.get("problem"), { method, path, milliseconds });
};

/** The id of a request: its `X-Request-Id`, else the id of the app that this one is mounted in, the `CF-Ray`, or a new one. */
function requestIdOf(c: Context<AppEnv>): string {
	const own = c.req.header("X-Request-Id");
	if (own !== undefined && REQUEST_ID.test(own)) return own;
	return c.get("requestId") ?? c.req.header("CF-Ray") ?? crypto.randomUUID();
}

function tellRequestId(c: Context<AppEnv>, request: string): void {
	const { headers } = c.res;
	if (headers.has("X-Request-Id")) return;
	// The response of another app may have come from a `fetch()`: its headers cannot be changed, and Hono copies it.
	if (c.get("isPassedOn")) c.header("X-Request-Id", request);
	else headers.set("X-Request-Id", request);
}
