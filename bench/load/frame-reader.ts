/** The first character of each event's data. It is in nothing else that a server sends. */
export const EVENT_MARK = "~";

const LF = 10;
const SPACE = 32;
const QUOTE = 34;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const MARK = EVENT_MARK.charCodeAt(0);
const D = 100;
const I = 105;

/** The states within a line. */
const START = 0;
const I_SEEN = 1;
const D_SEEN = 2;
const ID_VALUE = 3;
const EVENT_VALUE = 4;
const OTHER = 5;

/** What the reader calls for what it finds. */
export interface FrameHandlers {
	/** `id: 7` */
	id(offset: number): void;
	/** `~3 7 1000`: the publisher, its event's number, and when it was published. */
	event(publisher: number, number: number, publishedAt: number): void;
	/** The empty line after a frame. */
	frameEnd(): void;
}

/**
 * Finds events in the bytes of a socket, however they are split, and whatever a server wraps them in. It must keep up with
 * half a million events a second, so it knows only what the benchmark sends, and skips everything else.
 */
export class FrameReader {
	readonly #handlers: FrameHandlers;
	#state = START;
	#values: [number, number, number] = [0, 0, 0];
	#index = 0;

	constructor(handlers: FrameHandlers) {
		this.#handlers = handlers;
	}

	/** Forgets a line that was cut off with its connection. */
	reset(): void {
		this.#state = START;
	}

	read(chunk: Uint8Array): void {
		for (const byte of chunk) {
			if (byte === LF || byte === QUOTE) this.#end(byte);
			else if (byte === MARK) this.#startValue(EVENT_VALUE);
			else if (this.#state === EVENT_VALUE) this.#readValue(byte);
			else if (this.#state === START) this.#state = byte === I ? I_SEEN : OTHER;
			else if (this.#state === I_SEEN) this.#state = byte === D ? D_SEEN : OTHER;
			else if (this.#state === D_SEEN) this.#startValue(byte === COLON ? ID_VALUE : OTHER);
			else if (this.#state === ID_VALUE && (byte !== SPACE || this.#values[0] > 0)) this.#readValue(byte);
		}
	}

	#startValue(state: number): void {
		this.#state = state;
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

	/** Ends a line, or a text within one. */
	#end(byte: number): void {
		const [first, second, third] = this.#values;
		if (this.#state === EVENT_VALUE && this.#index === 2) this.#handlers.event(first, second, third);
		else if (this.#state === ID_VALUE && byte === LF) this.#handlers.id(first);
		else if (this.#state === START && byte === LF) this.#handlers.frameEnd();
		this.#state = byte === LF ? START : OTHER;
	}
}
