import { Problem, type ProblemCode } from "./errors.ts";

/** A parameter that is given once is a string. One that is repeated is an array, which a schema for a string refuses. */
export type Parameters = Record<string, string | string[]>;

/** Bounds the memory that a query or a form can take. */
const MAX_PARAMETERS = 1000;
const NO_ALIASES: ReadonlyMap<string, string> = new Map();

/**
 * Parses the parameters of a query or a form (WHATWG URL, "application/x-www-form-urlencoded"). Unlike the standard, it
 * refuses invalid percent-encoding, which would silently become other text.
 *
 * @param invalid the code of the problem.
 * @param whole what the text is, such as `query`, for the problem's detail.
 * @param aliases other names of parameters.
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
		const [writtenName, writtenValue] = splitPair(pair);
		const name = decodeParameter(writtenName);
		const value = decodeParameter(writtenValue);
		if (name === undefined || value === undefined) {
			const detail = `Parameter ${count} of the ${whole} is not percent-encoded UTF-8. Write \`é\` as %C3%A9, and \`%\` as %25.`;
			throw new Problem(invalid, detail);
		}
		add(found, aliases.get(name) ?? name, value);
	}
	return Object.fromEntries(found);
}

/** Returns the name and the value of a pair such as `a=1`, as they were sent. */
export function splitPair(pair: string): [name: string, value: string] {
	const equals = pair.indexOf("=");
	return equals === -1 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
}

/** Decodes a name or a value. Returns `undefined` as {@link decodePercent} does. */
export function decodeParameter(text: string): string | undefined {
	return decodePercent(text.replaceAll("+", " "));
}

/** Decodes percent-encoding. Returns `undefined` if the result is not UTF-8, or if a `%` is not part of an escape. */
export function decodePercent(text: string): string | undefined {
	if (!text.includes("%")) return text;
	try {
		return decodeURIComponent(text);
	} catch {
		return undefined;
	}
}

/** Returns all values of a parameter. */
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
