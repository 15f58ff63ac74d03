import { Problem } from "../../errors.ts";
import { type Parameters, readParameters } from "../../parameters.ts";
import { meantBy } from "./spelling.ts";

/** Further unknown names are not compared with the known ones: nobody misspells as many. */
const MAX_COMPARED = 32;

/**
 * Reads the parameters of a request's query. Unknown names are ignored, since proxies and analytics add their own. A name
 * that looks like a misspelt known one is refused, because it would silently have no effect.
 *
 * @param names the known names.
 * @param aliases other spellings, mapped to known names.
 * @throws Problem `invalid_request`.
 */
export function readQuery(url: string, names: readonly string[], aliases?: ReadonlyMap<string, string>): Parameters {
	const query = readParameters(queryOf(url), "invalid_request", "query", aliases);
	const unknown = Object.keys(query).filter((name) => !names.includes(name));
	for (const name of unknown.slice(0, MAX_COMPARED)) {
		const meant = meantBy(name, names);
		if (meant === undefined) continue;
		throw new Problem("invalid_request", `The query has no parameter \`${name}\`. Did you mean \`${meant}\`?`);
	}
	return query;
}

/** Returns the query as it was sent, without its question mark. */
export function queryOf(url: string): string {
	const [, query = ""] = /^[^?#]*\?([^#]*)/.exec(url) ?? [];
	return query;
}
