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
	/** Whether the nesting is deeper than {@link MAX_DEPTH}, or than one more in a message. */
	isTooDeep: boolean;
	/** The member `data` of the top-level object, or of each object in the array. */
	data: (JsonText | undefined)[];
}

/**
 * Scans JSON text in a single pass.
 *
 * @param list the member of the top-level object that is the array, in a message. Default: the text is an object or an array.
 *
 * @example
 * outlineJson('[{"data": 1e400}, {}]'); // { isTooDeep: false, data: [new JsonText(" 1e400", true), undefined] }
 * outlineJson('{"events":[{"data":1}]}', "events"); // { isTooDeep: false, data: [new JsonText("1", false)] }
 */
export function outlineJson(json: string, list?: string): Outline {
	const data: Outline["data"] = [];
	const level = list === undefined ? (/^\s*\[/.test(json) ? 2 : 1) : 3;
	const maxDepth = list === undefined ? MAX_DEPTH : MAX_DEPTH + 1;
	/** Whether objects at the level are those of the array. */
	let isListed = list === undefined;
	let depth = 0;
	/** The latest string at a level of members; before a colon, it is the name of a member. */
	let string: string | undefined;
	let name: string | undefined;
	let start = 0;
	let isSpaced = false;
	for (let at = 0; at < json.length; at += 1) {
		const code = json.charCodeAt(at);
		if (code === QUOTE) {
			const end = endOfString(json, at);
			if (depth === level || depth === 1) string = json.slice(at, end + 1);
			at = end;
		} else if (code <= SPACE) {
			isSpaced = true;
		} else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
			depth += 1;
			if (depth > maxDepth) return { isTooDeep: true, data };
			if (depth === level && isListed) data.push(undefined);
		} else if (code === COLON && depth === level) {
			name = string;
			start = at + 1;
			isSpaced = false;
		} else if (code === COLON && depth === 1 && list !== undefined) {
			isListed = string !== undefined && isNamed(string, list);
			// Of members with the same name, the last one counts.
			if (isListed) data.length = 0;
		} else if (code === COMMA || code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
			if (depth === level) {
				const isData = name !== undefined && isListed && isNamed(name, "data");
				if (isData) data[data.length - 1] = new JsonText(json.slice(start, at), isSpaced);
				name = undefined;
			}
			if (code !== COMMA) depth -= 1;
		}
	}
	return { isTooDeep: false, data };
}

/** Puts the source text of each event's `data` in the place of its value: numbers such as `1e400` have no other form. */
export function keepSources(events: readonly unknown[], sources: Outline["data"]): void {
	for (const [index, event] of events.entries()) {
		const data = sources[index];
		if (data && typeof event === "object" && event !== null) Object.assign(event, { data });
	}
}

/** @param string the name as a JSON string. */
function isNamed(string: string, name: string): boolean {
	return string === `"${name}"` || (string.includes("\\") && JSON.parse(string) === name);
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
