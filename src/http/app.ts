import { type Context, Hono, type MiddlewareHandler } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { basePath } from "hono/route";
import { readSettings } from "../auth/authenticator.ts";
import { Authority } from "../auth/authority.ts";
import type { AuthorisationHooks } from "../auth/hooks.ts";
import { refuseLocalKeys } from "../auth/local-keys.ts";
import type { ConfigOptions } from "../config.ts";
import { Problem } from "../errors.ts";
import type { AppEnv } from "./context.ts";
import { crossOrigin } from "./middleware/cross-origin.ts";
import { log } from "./middleware/logging.ts";
import { consolePage } from "./pages/console.ts";
import { docsPage } from "./pages/docs.ts";
import { mount } from "./route.ts";
import { ROUTES } from "./routes.ts";

/** Creates the Hono app with every route of the service. */
export function createApp(options: AuthorisationHooks & ConfigOptions): Hono<AppEnv> {
	const app = new Hono<AppEnv>();
	app.onError((error, c) => answer(c, Problem.of(error)));
	app.notFound(notFound);
	app.use(log);
	app.use(crossOrigin);
	app.use(keepPrivate);
	app.use(configure(options));
	app.use(
		methodNotAllowed({
			app,
			onMethodNotAllowed: (c, methods) => {
				const allowed = methods.filter((method) => method !== "HEAD").join(", ");
				const detail = `${c.req.method} is not allowed on this path. Use ${allowed}.`;
				return answer(c, new Problem("method_not_allowed", detail, { headers: { Allow: allowed } }));
			},
		}),
	);
	mount(app, ROUTES);
	app.route("/", docsPage);
	app.route("/", consolePage);
	app.use(passOn);
	return app;
}

/** Reads the settings before every route. With invalid settings, no route is served. */
function configure(options: AuthorisationHooks & ConfigOptions): MiddlewareHandler<AppEnv> {
	return (c, next) => {
		// A request without a valid Host header is malformed (RFC 9112, section 3.2).
		if (!URL.canParse(c.req.url)) throw new Problem("invalid_request", "The `Host` header is not a valid host.");
		const config = readSettings(c.env, options);
		refuseLocalKeys(config, c.req.url);
		c.set("config", config);
		c.set("authority", new Authority(config, options, c.get("logger")));
		return next();
	};
}

/** Prevents caching and MIME sniffing of every response that does not set its own `Cache-Control`. */
const keepPrivate: MiddlewareHandler<AppEnv> = async (c, next) => {
	await next();
	const { headers } = c.res;
	if (c.get("isPassedOn") || headers.has("Cache-Control")) return;
	headers.set("Cache-Control", "no-store");
	headers.set("X-Content-Type-Options", "nosniff");
};

/** Runs last, for a path that no route of this app has. An app that this one is mounted in may have a route for it. */
const passOn: MiddlewareHandler<AppEnv> = async (c, next) => {
	const { routeIndex } = c.req;
	c.set("isPassedOn", true);
	await next();
	const isUnrouted = c.req.routeIndex === routeIndex && c.res.status === 404;
	// An app that mounts this one at `/` has its own response for unknown paths.
	if (isUnrouted && basePath(c, routeIndex) !== "/") c.res = notFound(c);
};

function notFound(c: Context<AppEnv>): Response {
	return answer(c, new Problem("not_found", "No route has this path. See docs/protocol.md for the routes."));
}

function answer(c: Context<AppEnv>, problem: Problem): Response {
	c.set("problem", problem);
	return problem.toResponse();
}
