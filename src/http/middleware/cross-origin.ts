import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { readOrigins } from "../../config.ts";
import { isListed } from "../../origins.ts";
import type { AppEnv } from "../context.ts";

/** The CORS middleware allows whatever request headers a preflight asks for: clients and proxies add their own. */
const OPTIONS = {
	allowMethods: ["GET", "POST", "PUT", "DELETE"],
	exposeHeaders: ["End-Reason", "Idempotent-Replayed", "Retry-After", "WWW-Authenticate", "X-Request-Id"],
	maxAge: 86_400,
};

const ofAnyOrigin = cors({ ...OPTIONS, origin: "*" });

const ofListedOrigins = cors({
	...OPTIONS,
	origin: (origin, c: Context<AppEnv>) => (isListed(origin, readOrigins(c.env)) ? origin : null),
	credentials: true,
});

/** Lets pages on the origins in `CORS_ORIGINS` read every response, including the error about another invalid setting. */
export const crossOrigin: MiddlewareHandler<AppEnv> = (c, next) => {
	const [first] = readOrigins(c.env);
	if (first === undefined) return next();
	return (first === "*" ? ofAnyOrigin : ofListedOrigins)(c, next);
};
