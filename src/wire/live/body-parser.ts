import { Problem } from "../../errors.ts";
import type { NewEvent } from "../event.ts";
import { FrameParser } from "../frame-parser.ts";
import { acceptEvent } from "../intake.ts";
import { LineParser } from "./line-parser.ts";
import { Utf8Decoder } from "./utf8-decoder.ts";

/** The content types of a live publish. */
export const LIVE_TYPES = ["text/event-stream", "application/x-ndjson"] as const;
export type LiveType = (typeof LIVE_TYPES)[number];

const PARSERS = { "text/event-stream": FrameParser, "application/x-ndjson": LineParser } as const;

/** Parses the body of a live publish as it arrives, in chunks that may end anywhere, and checks each event. */
export class BodyParser {
	readonly #maxEventBytes: number;
	readonly #accept: (event: NewEvent) => void;
	readonly #decoder = new Utf8Decoder();
	readonly #parser: FrameParser | LineParser;
	#events = 0;

	/** @param accept takes each event as soon as it is complete. */
	constructor(type: LiveType, maxEventBytes: number, accept: (event: NewEvent) => void) {
		this.#maxEventBytes = maxEventBytes;
		this.#accept = accept;
		this.#parser = new PARSERS[type](maxEventBytes, (event) => this.#take(event));
	}

	/**
	 * @throws Problem `invalid_event` or `payload_too_large`, whose detail has the number of the event, after it has passed
	 * on the events before.
	 */
	feed(chunk: Uint8Array): void {
		const { text, isBroken } = this.#decoder.decode(chunk);
		this.#parse(() => this.#parser.feed(text));
		if (isBroken) throw this.#notUtf8();
	}

	/** The body has ended as its sender meant it to. The last event is complete without its line end. Throws as `feed()` does. */
	end(): void {
		if (this.#decoder.isWithinCharacter) throw this.#notUtf8();
		this.#parse(() => this.#parser.end());
	}

	/** How many characters of an event that is not complete are in memory, roughly. */
	get heldCharacters(): number {
		return this.#parser.heldCharacters;
	}

	#take(event: unknown): void {
		const accepted = acceptEvent(event, "", this.#maxEventBytes);
		this.#events += 1;
		this.#accept(accepted);
	}

	#parse(parse: () => void): void {
		try {
			parse();
		} catch (error) {
			throw error instanceof Problem ? this.#numbered(error) : error;
		}
	}

	#notUtf8(): Problem {
		return this.#numbered(new Problem("invalid_event", "The body is not UTF-8 text."));
	}

	#numbered({ code, detail, cause }: Problem): Problem {
		return new Problem(code, `Event ${this.#events + 1} of the body: ${detail}`, { cause });
	}
}
