import { createParser, type EventSourceParser, type ParseError } from "eventsource-parser";
import { Problem } from "../errors.ts";

/** A parser ignores a line that starts with a byte order mark, as the standard requires: its field would be lost. */
const MARK = "\ufeff";
const LINE_END = /[\n\r]/;
/** What a line may have that is not data: the name of its field, a type or an id. */
const OTHER_CHARACTERS = 4096;

/** A frame as an event that is not checked yet. */
export interface FrameEvent {
	type?: string;
	data: string;
	retry?: number;
}

/**
 * Parses the frames of an event stream that somebody publishes (WHATWG HTML, "Server-sent events"), in pieces of any size.
 * An `id` is ignored, and a frame without data is no event.
 */
export class FrameParser {
	readonly #maxEventBytes: number;
	readonly #take: (event: FrameEvent) => void;
	readonly #parser: EventSourceParser;
	#retry: number | undefined;
	/** Whether the next character starts a line. */
	#isAtLineStart = true;
	/** How many characters have come since the last event, without comments. */
	#frameCharacters = 0;

	/**
	 * @param maxEventBytes the maximum size of an event's data.
	 * @param take takes each event when its frame is complete. What it throws ends the parsing.
	 */
	constructor(maxEventBytes: number, take: (event: FrameEvent) => void) {
		this.#maxEventBytes = maxEventBytes;
		this.#take = take;
		this.#parser = createParser({
			// A frame has at least as many bytes as characters. `acceptEvent` counts its bytes.
			maxBufferSize: this.#maxFrameCharacters,
			onComment: ({ length }) => {
				this.#frameCharacters = Math.max(0, this.#frameCharacters - length);
			},
			onRetry: (milliseconds) => {
				this.#retry = milliseconds;
			},
			onEvent: ({ event, data }) => this.#dispatch(event, data),
			onError: (error) => this.#refuseTooLarge(error),
		});
		// The parser takes the first mark off; the text comes without it, and may not have another one.
		this.#parser.feed(MARK);
	}

	/**
	 * @param text the next piece, without the byte order mark that the first may have.
	 * @throws Problem `invalid_event` or `payload_too_large`, after it has passed on the events before.
	 */
	feed(text: string): void {
		const mark = this.#lateMarkIn(text);
		this.#frameCharacters += text.length;
		this.#parser.feed(mark === -1 ? text : text.slice(0, mark));
		if (mark !== -1) {
			const detail = "A line starts with a byte order mark, which is allowed only at the start of the body. Remove it.";
			throw new Problem("invalid_event", detail);
		}
		if (text !== "") this.#isAtLineStart = LINE_END.test(text.charAt(text.length - 1));
	}

	/** About how many characters of a frame whose end has not come are in memory. */
	get heldCharacters(): number {
		return Math.min(this.#frameCharacters, this.#maxFrameCharacters);
	}

	/** Ends the last frame, which may lack its blank line. Throws as `feed()` does. */
	end(): void {
		this.feed("\n\n");
	}

	get #maxFrameCharacters(): number {
		return this.#maxEventBytes + OTHER_CHARACTERS;
	}

	#dispatch(type: string | undefined, data: string): void {
		const retry = this.#retry;
		this.#retry = undefined;
		this.#frameCharacters = 0;
		this.#take({ data, ...(type !== undefined && { type }), ...(retry !== undefined && { retry }) });
	}

	/** Where a line starts with a byte order mark; -1 where none does. */
	#lateMarkIn(text: string): number {
		for (let at = text.indexOf(MARK); at !== -1; at = text.indexOf(MARK, at + 1)) {
			if (at === 0 ? this.#isAtLineStart : LINE_END.test(text.charAt(at - 1))) return at;
		}
		return -1;
	}

	#refuseTooLarge(cause: ParseError): void {
		if (cause.type !== "max-buffer-size-exceeded") return;
		const detail = `A frame, or a comment, is larger than the ${this.#maxEventBytes} bytes of data that are allowed (MAX_EVENT_BYTES, CHANNEL_RULES). Publish a link to the data instead.`;
		throw new Problem("payload_too_large", detail, { cause });
	}
}
