import { type Context, Hono, type MiddlewareHandler } from "hono";
import { Problem } from "../errors.ts";
import type { AppEnv } from "./env.ts";

type Answer = (c: Context<AppEnv>, assets: Fetcher) => Response | Promise<Response>;

/**
 * `GET /` and `/console/*`: a page that watches channels and publishes to them, from the Worker's static assets.
 *
 * Where it is off, its paths are like any that no route has, and a Worker that mounts the app may use them.
 */
export const consolePage = new Hono<AppEnv>()
	.all("/console/settings.json", whereItIsOn(tellSettings))
	.all("/", whereItIsOn(readFile))
	.all("/console/*", whereItIsOn(readFile));

function whereItIsOn(answer: Answer): MiddlewareHandler<AppEnv> {
	return async (c, next) => {
		const { config, issuer } = c.get("authority");
		const { ASSETS } = c.env;
		if (config.CONSOLE === "off" || !ASSETS) return await next();
		if (!["GET", "HEAD"].includes(c.req.method)) {
			throw new Problem("method_not_allowed", `${c.req.method} is not allowed here; GET is.`, { allow: ["GET"] });
		}
		const response = await answer(c, ASSETS);
		if (response.status >= 400) return await next();
		const answered = new Response(response.body, response);
		for (const [name, value] of Object.entries(pageHeaders(issuer))) answered.headers.set(name, value);
		return answered;
	};
}

/** Where the page can sign somebody in, if that is a URL. */
function tellSettings(c: Context<AppEnv>): Response {
	const { issuer } = c.get("authority");
	return c.json({ issuer: URL.canParse(issuer ?? "") ? issuer : null });
}

function readFile(c: Context<AppEnv>, assets: Fetcher): Promise<Response> {
	return assets.fetch(c.req.raw);
}

/** The page holds credentials: it runs its own script only, and talks to the service and the identity provider only. */
function pageHeaders(issuer: string | undefined): Record<string, string> {
	const issuerUrl = URL.parse(issuer ?? "");
	const connections = issuerUrl ? `'self' ${issuerUrl.origin}` : "'self'";
	return {
		"Content-Security-Policy": [
			"default-src 'none'",
			"script-src 'self'",
			"style-src 'self'",
			"img-src 'self'",
			`connect-src ${connections}`,
			"base-uri 'none'",
			"form-action 'none'",
			"frame-ancestors 'none'",
		].join("; "),
		"Referrer-Policy": "no-referrer",
		"X-Content-Type-Options": "nosniff",
		"Cache-Control": "no-cache",
	};
}
