import type { Json } from "./json.ts";

/** Event data as the original JSON text. Parsing and serialising it again could change its numbers, such as 1.0 or 1e400. */

/** The maximum nesting depth of JSON. Recursive parsers, here or in a client, may overflow their stack on deeper JSON. */
export const MAX_DEPTH = 512;

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** A JSON value in its original text. */
export class JsonText {
	readonly #json: string;
	readonly #isSpaced: boolean;

	/** @param isSpaced whether the text contains white space outside of strings. */
	constructor(json: string, isSpaced: boolean) {
		this.#json = json;
		this.#isSpaced = isSpaced;
	}

	/** Returns the text without insignificant white space and unnecessary escapes. Numbers and the order of members are kept. */
	compact(): Json {
		const json = this.#json;
		if (!this.#isSpaced && !json.includes("\\")) return json as Json;
		let compact = "";
		for (let at = 0; at < json.length; ) {
			const code = json.charCodeAt(at);
			const end = code === QUOTE ? endOfString(json, at) + 1 : endOfRun(json, at);
			if (code === QUOTE) compact += unescapeString(json.slice(at, end));
			else if (code > SPACE) compact += json.slice(at, end);
			at = end;
		}
		return compact as Json;
	}
}

/** What a scan finds in JSON text without parsing it. Meaningless for text that is not valid JSON. */
interface Outline {
	/** Whether the nesting is deeper than {@link MAX_DEPTH}. */
	isTooDeep: boolean;
	/** The member `data` of the top-level object, or of each object in a top-level array. */
	data: (JsonText | undefined)[];
}

/**
 * Scans JSON text in a single pass.
 *
 * @example
 * outlineJson('[{"data": 1e400}, {}]'); // { isTooDeep: false, data: [new JsonText(" 1e400", true), undefined] }
 */
export function outlineJson(json: string): Outline {
	const data: Outline["data"] = [];
	const level = /^\s*\[/.test(json) ? 2 : 1;
	let depth = 0;
	/** The latest string at the level of the members; before a colon, it is the name of a member. */
	let string: string | undefined;
	let name: string | undefined;
	let start = 0;
	let isSpaced = false;
	for (let at = 0; at < json.length; at += 1) {
		const code = json.charCodeAt(at);
		if (code === QUOTE) {
			const end = endOfString(json, at);
			if (depth === level) string = json.slice(at, end + 1);
			at = end;
		} else if (code <= SPACE) {
			isSpaced = true;
		} else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
			depth += 1;
			if (depth > MAX_DEPTH) return { isTooDeep: true, data };
			if (depth === level) data.push(undefined);
		} else if (code === COLON && depth === level) {
			name = string;
			start = at + 1;
			isSpaced = false;
		} else if (code === COMMA || code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
			if (depth === level) {
				if (name !== undefined && isData(name)) data[data.length - 1] = new JsonText(json.slice(start, at), isSpaced);
				name = undefined;
			}
			if (code !== COMMA) depth -= 1;
		}
	}
	return { isTooDeep: false, data };
}

function isData(name: string): boolean {
	return name === '"data"' || (name.includes("\\") && JSON.parse(name) === "data");
}

/** Returns the index of a string's closing quote, given the index of its opening quote. */
function endOfString(json: string, start: number): number {
	for (let at = start; ; ) {
		at = json.indexOf('"', at + 1);
		if (at === -1) return json.length;
		let first = at;
		while (json.charCodeAt(first - 1) === BACKSLASH) first -= 1;
		// An even number of backslashes escape each other, and not the quote.
		if ((at - first) % 2 === 0) return at;
	}
}

/** Returns the end of a run of white space, or of anything else outside of strings. */
function endOfRun(json: string, start: number): number {
	const isSpace = json.charCodeAt(start) <= SPACE;
	let at = start + 1;
	while (at < json.length && json.charCodeAt(at) !== QUOTE && json.charCodeAt(at) <= SPACE === isSpace) at += 1;
	return at;
}

function unescapeString(string: string): string {
	return string.includes("\\") ? JSON.stringify(JSON.parse(string)) : string;
}
