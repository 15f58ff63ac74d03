import { Hono, type MiddlewareHandler } from "hono";
import type { AppEnv } from "../context.ts";
import { problems } from "../openapi/problems.ts";
import { NO_CREDENTIALS } from "../openapi/security.ts";
import type { Operation } from "../route.ts";
import { servePage } from "./page.ts";

/** What the page may load in addition to its script. Swagger UI has its icons in its style sheet, as `data:` URLs. */
const POLICY = ["style-src 'self'", "img-src 'self' data:", "connect-src 'self'"];

const PATH = "/docs";

const readFile: MiddlewareHandler<AppEnv> = async (c, next) => {
	const { ASSETS } = c.env;
	if (!ASSETS) return await next();
	const response = await servePage(c, POLICY, () => ASSETS.fetch(c.req.raw));
	return response.status >= 400 ? await next() : response;
};

/** `GET /docs`: a page that shows `/openapi.json` and tries requests, from the Worker's static assets. */
export const docsPage = new Hono<AppEnv>().all(PATH, readFile).all(`${PATH}/*`, readFile);

export const docsOperation: Operation = {
	path: PATH,
	method: "get",
	describe: () => ({
		operationId: "readDocs",
		tags: ["Service"],
		summary: "A page that shows this description, and tries requests",
		security: NO_CREDENTIALS,
		responses: {
			200: { description: "The page.", content: { "text/html": { schema: { type: "string" } } } },
			...problems("not_found"),
		},
	}),
};
