const LF = 10;
const SPACE = 32;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const D = 100;
const I = 105;

/** The states within a line. NAME is not certain yet: a length of HTTP's chunked encoding may begin with a `d`, too. */
const START = 0;
const NAME = 1;
const COLON_SEEN = 2;
const VALUE = 3;
const OTHER = 4;

/** What the reader calls for the lines that it finds. */
export interface FrameHandlers {
	/** `id: 7` */
	id(offset: number): void;
	/** `data: 3 7 1000`: the publisher, its event's number, and when it was published. */
	event(publisher: number, number: number, publishedAt: number): void;
}

/**
 * Finds events in the bytes of a socket, however they are split. It must keep up with half a million events a second, so
 * it knows only the lines that the benchmark sends, and skips all others.
 */
export class FrameReader {
	readonly #handlers: FrameHandlers;
	#state = START;
	#field = 0;
	#values: [number, number, number] = [0, 0, 0];
	#index = 0;

	constructor(handlers: FrameHandlers) {
		this.#handlers = handlers;
	}

	read(chunk: Uint8Array): void {
		for (const byte of chunk) {
			if (byte === LF) this.#endLine();
			else if (this.#state === VALUE) this.#readValue(byte);
			else if (this.#state === START) this.#startLine(byte);
			else if (this.#state === NAME && byte === COLON) this.#state = COLON_SEEN;
			else if (this.#state === COLON_SEEN) {
				this.#state = VALUE;
				if (byte !== SPACE) this.#readValue(byte);
			}
		}
	}

	#startLine(byte: number): void {
		this.#field = byte;
		this.#state = byte === D || byte === I ? NAME : OTHER;
		this.#values = [0, 0, 0];
		this.#index = 0;
	}

	#readValue(byte: number): void {
		if (byte === SPACE) this.#index += 1;
		else if (byte >= ZERO && byte <= NINE) {
			const index = this.#index as 0 | 1 | 2;
			this.#values[index] = this.#values[index] * 10 + byte - ZERO;
		} else this.#state = OTHER;
	}

	#endLine(): void {
		if (this.#state === VALUE) {
			const [first, second, third] = this.#values;
			if (this.#field === I) this.#handlers.id(first);
			else this.#handlers.event(first, second, third);
		}
		this.#state = START;
	}
}
