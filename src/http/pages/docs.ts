import { Hono, type MiddlewareHandler } from "hono";
import type { AppEnv } from "../context.ts";
import { servePage } from "./page.ts";

/** What the page may besides its own script. Swagger UI has its icons in its style sheet, as `data:` URLs. */
const POLICY = ["style-src 'self'", "img-src 'self' data:", "connect-src 'self'"];

const readFile: MiddlewareHandler<AppEnv> = async (c, next) => {
	const { ASSETS } = c.env;
	if (!ASSETS) return await next();
	const response = await servePage(c, POLICY, () => ASSETS.fetch(c.req.raw));
	return response.status >= 400 ? await next() : response;
};

/** `GET /docs`: a page that shows `/openapi.json` and tries requests, from the Worker's static assets. */
export const docsPage = new Hono<AppEnv>().all("/docs", readFile).all("/docs/*", readFile);
