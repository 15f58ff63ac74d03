/**
 * The parameters of a query for a schema to check: what came once as its text, what came more than once as a list, which
 * a schema that asks for a text refuses.
 *
 * @example
 * readQuery(new URLSearchParams("type=a&type=b&rewind=5")); // { type: ["a", "b"], rewind: "5" }
 */
export function readQuery(query: URLSearchParams): Record<string, string | string[]> {
	return Object.fromEntries(
		[...new Set(query.keys())].map((name) => {
			const values = query.getAll(name);
			return [name, values.length > 1 ? values : (values[0] ?? "")];
		}),
	);
}
