import { Problem } from "../../errors.ts";
import { keepSources, MAX_DEPTH, outlineJson } from "../json-text.ts";

/** White space of JSON (RFC 8259, section 2). */
const BLANK = /^[ \t\r]*$/;
/** What the escape sequences of JSON can make of a byte of data, and room for the other fields. */
const CHARACTERS_PER_EVENT_BYTE = 8;
const OTHER_CHARACTERS = 4096;

/** Parses NDJSON (one JSON value a line) that comes in pieces of any size, into events that are not checked yet. */
export class LineParser {
	readonly #maxCharacters: number;
	readonly #take: (event: unknown) => void;
	/** The pieces of a line whose end has not come yet. They are joined once, so that it is linear. */
	#pieces: string[] = [];
	#characters = 0;

	/**
	 * @param maxEventBytes the maximum size of an event's data.
	 * @param take takes each event when its line is complete. What it throws ends the parsing.
	 */
	constructor(maxEventBytes: number, take: (event: unknown) => void) {
		this.#maxCharacters = maxEventBytes * CHARACTERS_PER_EVENT_BYTE + OTHER_CHARACTERS;
		this.#take = take;
	}

	/** @throws Problem `invalid_event` or `payload_too_large`, after it has passed on the events before. */
	feed(text: string): void {
		let from = 0;
		for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", from)) {
			this.#add(text.slice(from, at));
			this.#endLine();
			from = at + 1;
		}
		if (from < text.length) this.#add(text.slice(from));
	}

	/** Ends the last line, which may lack its line end. Throws as `feed()` does. */
	end(): void {
		this.#endLine();
	}

	/** How many characters of a line whose end has not come are in memory. */
	get heldCharacters(): number {
		return this.#characters;
	}

	#add(piece: string): void {
		this.#characters += piece.length;
		if (this.#characters > this.#maxCharacters) {
			const detail = `The line has more than ${this.#maxCharacters} characters. Publish a link to the data instead.`;
			throw new Problem("payload_too_large", detail);
		}
		this.#pieces.push(piece);
	}

	#endLine(): void {
		const line = this.#pieces.length === 1 ? (this.#pieces[0] ?? "") : this.#pieces.join("");
		this.#pieces = [];
		this.#characters = 0;
		if (!BLANK.test(line)) this.#take(parseLine(line));
	}
}

function parseLine(line: string): unknown {
	const { isTooDeep, data } = outlineJson(line);
	if (isTooDeep) {
		const detail = `The line is nested deeper than ${MAX_DEPTH} levels. Flatten it, or send the data as a string.`;
		throw new Problem("invalid_event", detail);
	}
	const event = parseJson(line);
	if (!Array.isArray(event)) keepSources([event], data);
	return event;
}

function parseJson(line: string): unknown {
	try {
		return JSON.parse(line);
	} catch (cause) {
		throw new Problem("invalid_event", 'The line is not JSON. Send one JSON object a line, as in `{"data":1}`.', {
			cause,
		});
	}
}
