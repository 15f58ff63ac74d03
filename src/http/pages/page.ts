import type { Context } from "hono";
import { Problem } from "../../errors.ts";
import type { AppEnv } from "../context.ts";

/**
 * Serves a file of the Worker's static assets, with a Content-Security-Policy that allows the page's own scripts.
 *
 * @param policy further directives of the Content-Security-Policy.
 */
export async function servePage(
	c: Context<AppEnv>,
	policy: readonly string[],
	answer: () => Response | Promise<Response>,
): Promise<Response> {
	if (!["GET", "HEAD"].includes(c.req.method)) {
		throw new Problem("method_not_allowed", `${c.req.method} is not allowed on this path. Use GET.`, {
			headers: { Allow: "GET" },
		});
	}
	const response = await answer();
	const answered = new Response(response.body, response);
	for (const [name, value] of Object.entries(pageHeaders(policy))) answered.headers.set(name, value);
	return answered;
}

function pageHeaders(policy: readonly string[]): Record<string, string> {
	return {
		"Content-Security-Policy": [
			"default-src 'none'",
			"script-src 'self'",
			...policy,
			"base-uri 'none'",
			"form-action 'none'",
			"frame-ancestors 'none'",
		].join("; "),
		"Referrer-Policy": "no-referrer",
		"X-Content-Type-Options": "nosniff",
		"Cache-Control": "no-cache",
	};
}
