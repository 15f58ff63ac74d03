import { type Context, Hono, type MiddlewareHandler } from "hono";
import type { AppEnv } from "../context.ts";
import { servePage } from "./page.ts";

type Answer = (c: Context<AppEnv>, assets: Fetcher) => Response | Promise<Response>;

/**
 * `GET /` and `/console/*`: a page to watch channels and publish to them, from the Worker's static assets.
 *
 * While it is off, its paths have no route, and a Worker that mounts the app may use them.
 */
export const consolePage = new Hono<AppEnv>()
	.all("/console/settings.json", whereItIsOn(tellSettings))
	.all("/", whereItIsOn(readFile))
	.all("/console/*", whereItIsOn(readFile));

function whereItIsOn(answer: Answer): MiddlewareHandler<AppEnv> {
	return async (c, next) => {
		const { ASSETS } = c.env;
		if (c.get("config").CONSOLE === "off" || !ASSETS) return await next();
		const response = await servePage(c, policyFor(c.get("authority").issuer), () => answer(c, ASSETS));
		return response.status >= 400 ? await next() : response;
	};
}

/** Tells the page where users can sign in, if the issuer is a URL. */
function tellSettings(c: Context<AppEnv>): Response {
	const { issuer } = c.get("authority");
	return c.json({ issuer: issuer !== undefined && URL.canParse(issuer) ? issuer : null });
}

function readFile(c: Context<AppEnv>, assets: Fetcher): Promise<Response> {
	return assets.fetch(c.req.raw);
}

/** The page holds credentials, so it may connect to the service and the identity provider only. */
function policyFor(issuer: string | undefined): string[] {
	const issuerUrl = issuer === undefined ? null : URL.parse(issuer);
	const connections = issuerUrl ? `'self' ${issuerUrl.origin}` : "'self'";
	return ["style-src 'self'", "img-src 'self'", `connect-src ${connections}`];
}
