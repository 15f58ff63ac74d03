import type { Context } from "hono";
import { routePath } from "hono/route";
import { Problem } from "../../errors.ts";
import { decodePercent } from "../../parameters.ts";
import type { AppEnv } from "../context.ts";

/**
 * Reads a parameter in the path of a request, in place of Hono's `param()` for two reasons. The path that the app is
 * mounted under may have a parameter of the same name, and Hono would return that one. And Hono accepts invalid
 * percent-encoding, which would silently name another channel.
 *
 * @throws Problem `invalid_request`.
 */
export function pathParameter(c: Context<AppEnv>, name: "channel" | "sub" | "connection"): string {
	const pattern = routePath(c).split("/");
	const indexFromEnd = pattern.lastIndexOf(`:${name}`) - pattern.length;
	const value = decodePercent(c.req.path.split("/").at(indexFromEnd) ?? "");
	if (decodePercent(pathOf(c.req.url)) !== undefined && value !== undefined) return value;
	throw new Problem("invalid_request", "The path is not percent-encoded UTF-8. Write `é` as %C3%A9, and `%` as %25.");
}

/** Returns the path of a URL as it was sent. */
export function pathOf(url: string): string {
	const [, path = ""] = /^[^:]*:\/\/[^/?#]*([^?#]*)/.exec(url) ?? [];
	return path;
}
