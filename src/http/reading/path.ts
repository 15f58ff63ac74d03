import type { Context } from "hono";
import { routePath } from "hono/route";
import { Problem } from "../../errors.ts";
import { decodePercent } from "../../parameters.ts";
import type { AppEnv } from "../context.ts";

/**
 * A parameter in the path of a request. It is read where this service's route has it: the path that the app is mounted
 * under may have one of the same name, which the router would answer with. And the router lets text pass that is encoded
 * badly, which must not quietly become another name.
 *
 * @throws Problem `invalid_request`.
 */
export function pathParameter(c: Context<AppEnv>, name: "channel" | "sub" | "connection"): string {
	const [address = ""] = c.req.url.split(/[?#]/, 1);
	const pattern = routePath(c).split("/");
	const placeFromEnd = pattern.lastIndexOf(`:${name}`) - pattern.length;
	const value = decodePercent(c.req.path.split("/").at(placeFromEnd) ?? "");
	if (decodePercent(address) !== undefined && value !== undefined) return value;
	throw new Problem("invalid_request", "The path is not percent-encoded UTF-8. Write `é` as %C3%A9, and `%` as %25.");
}
