import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { readOrigins } from "../config.ts";
import { isListed } from "../origins.ts";
import type { AppEnv } from "./context.ts";

/** A preflight is told that the headers that it asks for are allowed: clients and what is between them add their own. */
const ANSWERS = {
	allowMethods: ["GET", "POST", "PUT", "DELETE"],
	exposeHeaders: ["Idempotent-Replayed", "Retry-After", "WWW-Authenticate", "X-Request-Id"],
	maxAge: 86_400,
};

const ofAnyOrigin = cors({ ...ANSWERS, origin: "*" });

const ofListedOrigins = cors({
	...ANSWERS,
	origin: (origin, c: Context<AppEnv>) => (isListed(origin, readOrigins(c.env)) ? origin : null),
	credentials: true,
});

/** Lets pages on the origins of `CORS_ORIGINS` read the answers, also those that tell of other settings being wrong. */
export const crossOrigin: MiddlewareHandler<AppEnv> = async (c, next) => {
	const [first] = readOrigins(c.env);
	if (first === undefined) return await next();
	return await (first === "*" ? ofAnyOrigin : ofListedOrigins)(c, next);
};
