import { type Context, Hono, type MiddlewareHandler } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { basePath } from "hono/route";
import { readSettings } from "../auth/authenticator.ts";
import { Authority } from "../auth/authority.ts";
import type { AuthorisationHooks } from "../auth/hooks.ts";
import { refuseLocalKeys } from "../auth/local-keys.ts";
import { Problem } from "../errors.ts";
import type { AppEnv } from "./context.ts";
import { crossOrigin } from "./cross-origin.ts";
import { identify, log } from "./logging.ts";
import { consolePage } from "./pages/console.ts";
import { docsPage } from "./pages/docs.ts";
import { mount } from "./route.ts";
import { ROUTES } from "./routes.ts";

/** The HTTP side of the service: every route of the protocol. */
export function createApp(hooks: AuthorisationHooks): Hono<AppEnv> {
	const app = new Hono<AppEnv>();
	app.onError((error, c) => answer(c, Problem.of(error)));
	app.notFound(nothingThere);
	app.use(identify);
	app.use(log);
	app.use(crossOrigin);
	app.use(keepPrivate);
	app.use(configure(hooks));
	app.use(
		methodNotAllowed({
			app,
			onMethodNotAllowed: (c, methods) => {
				const allowed = methods.filter((method) => method !== "HEAD").join(", ");
				const detail = `${c.req.method} is not allowed here; ${allowed} is.`;
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

/** Reads the settings before anything else: nothing is served on settings that are unusable. */
function configure(hooks: AuthorisationHooks): MiddlewareHandler<AppEnv> {
	return async (c, next) => {
		// RFC 9112, section 3.2.
		if (!URL.canParse(c.req.url)) throw new Problem("invalid_request", "The header Host does not name a host.");
		const config = readSettings(c.env, hooks);
		refuseLocalKeys(config, c.req.url);
		c.set("config", config);
		c.set("authority", new Authority(config, hooks, c.get("logger")));
		await next();
	};
}

/** An answer is for whoever asked: no cache keeps it, and no browser takes it for something else. */
const keepPrivate: MiddlewareHandler<AppEnv> = async (c, next) => {
	await next();
	const { headers } = c.res;
	if (c.get("isPassedOn") || headers.has("Cache-Control")) return;
	headers.set("Cache-Control", "no-store");
	headers.set("X-Content-Type-Options", "nosniff");
};

/** Comes last: what gets here, no route of this app has. The app that mounts it may have one. */
const passOn: MiddlewareHandler<AppEnv> = async (c, next) => {
	const { routeIndex } = c.req;
	c.set("isPassedOn", true);
	await next();
	const isNobodys = c.req.routeIndex === routeIndex && c.res.status === 404;
	// At its root, the other app answers for what nobody has.
	if (isNobodys && basePath(c, routeIndex) !== "/") c.res = nothingThere(c);
};

function nothingThere(c: Context<AppEnv>): Response {
	return answer(c, new Problem("not_found", "No route has this path. The routes are in docs/protocol.md."));
}

function answer(c: Context<AppEnv>, problem: Problem): Response {
	c.set("problem", problem);
	return problem.toResponse();
}
