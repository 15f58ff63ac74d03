import { Problem, type ProblemCode } from "./errors.ts";

/** What came once as its text, and what came more than once as a list, which a schema that asks for a text refuses. */
export type Parameters = Record<string, string | string[]>;

/** Nobody needs as many, and each of them takes memory. */
const MAX_PARAMETERS = 1000;
const NO_ALIASES: ReadonlyMap<string, string> = new Map();

/**
 * The parameters of a query or a form (WHATWG URL, "application/x-www-form-urlencoded"), but for one thing: text that is
 * encoded badly is refused, where it would quietly become other text.
 *
 * @param whole what the text is, for the problem that `invalid` is the code of.
 * @param aliases other names for parameters.
 *
 * @example
 * readParameters("type=a&type=b&rewind=5", "invalid_request", "query"); // { type: ["a", "b"], rewind: "5" }
 */
export function readParameters(
	text: string,
	invalid: ProblemCode,
	whole: string,
	aliases: ReadonlyMap<string, string> = NO_ALIASES,
): Parameters {
	const found = new Map<string, string | string[]>();
	let count = 0;
	for (let start = 0; start < text.length; ) {
		const next = text.indexOf("&", start);
		const pair = text.slice(start, next === -1 ? undefined : next);
		start += pair.length + 1;
		if (pair === "") continue;
		count += 1;
		if (count > MAX_PARAMETERS) {
			throw new Problem(invalid, `The ${whole} has more than ${MAX_PARAMETERS} parameters. Send fewer.`);
		}
		const equals = pair.indexOf("=");
		const name = decode(equals === -1 ? pair : pair.slice(0, equals));
		const value = decode(equals === -1 ? "" : pair.slice(equals + 1));
		if (name === undefined || value === undefined) {
			const detail = `Parameter ${count} of the ${whole} is not percent-encoded UTF-8. Write \`é\` as %C3%A9, and \`%\` as %25.`;
			throw new Problem(invalid, detail);
		}
		add(found, aliases.get(name) ?? name, value);
	}
	return Object.fromEntries(found);
}

function decode(text: string): string | undefined {
	return decodePercent(text.replaceAll("+", " "));
}

/** Text without its percent-encoding; `undefined` where that is not UTF-8, or a `%` stands alone. */
export function decodePercent(text: string): string | undefined {
	try {
		return decodeURIComponent(text);
	} catch {
		return undefined;
	}
}

/** All values of a parameter. */
export function valuesOf(parameters: Parameters, name: string): string[] {
	const values = parameters[name] ?? [];
	return typeof values === "string" ? [values] : values;
}

function add(found: Map<string, string | string[]>, name: string, value: string): void {
	const values = found.get(name);
	if (values === undefined) found.set(name, value);
	else if (typeof values === "string") found.set(name, [values, value]);
	else values.push(value);
}
