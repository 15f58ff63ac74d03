/** Events' data as the JSON text that it came as: to parse it and to write it again would change its numbers. */

/** JSON that is nested deeper is refused: whatever reads it, here or at a client, might run out of stack. */
export const MAX_DEPTH = 512;

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** A JSON value as it was written. */
export class JsonText {
	readonly #json: string;
	readonly #isSpaced: boolean;

	/** @param isSpaced whether there is white space outside of its texts. */
	constructor(json: string, isSpaced: boolean) {
		this.#json = json;
		this.#isSpaced = isSpaced;
	}

	/** The value without needless white space and escapes. Numbers, and the order of names, stay as they are. */
	compact(): string {
		const json = this.#json;
		if (!this.#isSpaced && !json.includes("\\")) return json;
		let compact = "";
		for (let at = 0; at < json.length; ) {
			const code = json.charCodeAt(at);
			const end = code === QUOTE ? endOfText(json, at) + 1 : endOfRest(json, at);
			if (code === QUOTE) compact += withoutEscapes(json.slice(at, end));
			else if (code > SPACE) compact += json.slice(at, end);
			at = end;
		}
		return compact;
	}
}

/** What is found in a JSON text without parsing it. Of a text that is not JSON, it means nothing. */
interface Outline {
	/** Whether it is nested deeper than {@link MAX_DEPTH}. */
	isTooDeep: boolean;
	/** The member `data` of the object that the text is; of each object, where it is a list of them. */
	data: (JsonText | undefined)[];
}

/**
 * Looks through a JSON text once.
 *
 * @example
 * outlineJson('[{"data": 1e400}, {}]'); // { isTooDeep: false, data: [new JsonText(" 1e400", true), undefined] }
 */
export function outlineJson(json: string): Outline {
	const data: Outline["data"] = [];
	const level = /^\s*\[/.test(json) ? 2 : 1;
	let depth = 0;
	let text = "";
	let name = "";
	let start = 0;
	let isSpaced = false;
	for (let at = 0; at < json.length; at += 1) {
		const code = json.charCodeAt(at);
		if (code === QUOTE) {
			const end = endOfText(json, at);
			if (depth === level) text = json.slice(at, end + 1);
			at = end;
		} else if (code <= SPACE) {
			isSpaced = true;
		} else if (code === OPEN_OBJECT || code === OPEN_LIST) {
			depth += 1;
			if (depth > MAX_DEPTH) return { isTooDeep: true, data };
			if (depth === level) data.push(undefined);
		} else if (code === COLON && depth === level) {
			name = text;
			start = at + 1;
			isSpaced = false;
		} else if (code === COMMA || code === CLOSE_OBJECT || code === CLOSE_LIST) {
			if (depth === level) {
				if (isData(name)) data[data.length - 1] = new JsonText(json.slice(start, at), isSpaced);
				name = "";
			}
			if (code !== COMMA) depth -= 1;
		}
	}
	return { isTooDeep: false, data };
}

function isData(name: string): boolean {
	return name === '"data"' || (name.includes("\\") && JSON.parse(name) === "data");
}

/** Where the quote is that ends a text, from where the one is that begins it. */
function endOfText(json: string, start: number): number {
	for (let at = start; ; ) {
		at = json.indexOf('"', at + 1);
		if (at === -1) return json.length;
		let first = at;
		while (json.charCodeAt(first - 1) === BACKSLASH) first -= 1;
		// A backslash that is escaped itself escapes nothing.
		if ((at - first) % 2 === 0) return at;
	}
}

/** Where the next text begins, or white space does or ends. */
function endOfRest(json: string, start: number): number {
	const isSpace = json.charCodeAt(start) <= SPACE;
	let at = start + 1;
	while (at < json.length && json.charCodeAt(at) !== QUOTE && json.charCodeAt(at) <= SPACE === isSpace) at += 1;
	return at;
}

function withoutEscapes(text: string): string {
	return text.includes("\\") ? JSON.stringify(JSON.parse(text)) : text;
}
