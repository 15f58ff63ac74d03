import { type Context, Hono, type MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { methodNotAllowed } from "hono/method-not-allowed";
import { Authority } from "../auth/authority.ts";
import type { AuthorisationHooks } from "../auth/hooks.ts";
import { refuseLocalKeys } from "../auth/local-keys.ts";
import { Problem } from "../errors.ts";
import { channels } from "./channels.ts";
import { connections } from "./connections.ts";
import { consolePage } from "./console.ts";
import { description } from "./description.ts";
import { docsPage } from "./docs.ts";
import type { AppEnv } from "./env.ts";
import { events } from "./events.ts";
import { health } from "./health.ts";
import { identify, log } from "./logging.ts";
import { metrics } from "./metrics.ts";
import { publish } from "./publish.ts";
import { socket } from "./socket.ts";
import { tickets } from "./tickets.ts";

/** The HTTP side of the service: every route of the protocol. */
export function createApp(hooks: AuthorisationHooks): Hono<AppEnv> {
	const app = new Hono<AppEnv>();
	app.onError((error, c) => answer(c, Problem.of(error)));
	app.notFound((c) =>
		answer(c, new Problem("not_found", "No route has this path. The routes are in docs/protocol.md.")),
	);
	app.use(identify);
	app.use(log);
	app.use(configure(hooks));
	app.use(crossOrigin);
	app.use(
		methodNotAllowed({
			app,
			onMethodNotAllowed: (c, methods) => {
				const allow = methods.filter((method) => method !== "HEAD");
				const detail = `${c.req.method} is not allowed here; ${allow.join(", ")} is.`;
				return answer(c, new Problem("method_not_allowed", detail, { allow }));
			},
		}),
	);
	app.route("/", events);
	app.route("/", socket);
	app.route("/", publish);
	app.route("/", tickets);
	app.route("/", channels);
	app.route("/", connections);
	app.route("/", health);
	app.route("/", metrics);
	app.route("/", description);
	app.route("/", docsPage);
	app.route("/", consolePage);
	return app;
}

/** Reads the settings before anything else: nothing is served on settings that are unusable. */
function configure(hooks: AuthorisationHooks): MiddlewareHandler<AppEnv> {
	return async (c, next) => {
		const authority = new Authority(c.env, hooks, c.get("logger"));
		refuseLocalKeys(authority.config, c.req.url);
		c.set("authority", authority);
		await next();
	};
}

const crossOrigin: MiddlewareHandler<AppEnv> = async (c, next) => {
	const origins = c.get("authority").config.CORS_ORIGINS;
	if (!origins) return await next();
	const anyOrigin = origins[0] === "*";
	return await cors({
		origin: anyOrigin ? "*" : origins,
		credentials: !anyOrigin,
		allowMethods: ["GET", "POST", "PUT", "DELETE"],
		allowHeaders: ["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "Last-Event-ID", "X-Request-Id"],
		exposeHeaders: ["Idempotent-Replayed", "Retry-After", "WWW-Authenticate", "X-Request-Id"],
		maxAge: 86_400,
	})(c, next);
};

function answer(c: Context<AppEnv>, problem: Problem): Response {
	c.set("problem", problem);
	return problem.toResponse();
}
