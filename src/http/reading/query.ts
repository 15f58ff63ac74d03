import { Problem } from "../../errors.ts";
import { type Parameters, readParameters } from "../../parameters.ts";
import { meantBy } from "./spelling.ts";

/** Who writes a query by hand has no more unknown names in it. */
const MAX_COMPARED = 32;

/**
 * The parameters of a request's query. Unknown names are let pass, since others add some of their own, but for those that
 * look like a known one: they would have no effect, and nobody would be told.
 *
 * @param names the known ones.
 * @param aliases other names for them.
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

/** The query as it was sent, without its question mark. */
export function queryOf(url: string): string {
	const [address = ""] = url.split("#", 1);
	const mark = address.indexOf("?");
	return mark === -1 ? "" : address.slice(mark + 1);
}
