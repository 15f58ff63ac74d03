import { readTexts } from "./body.ts";

/** One frame of an event stream: the fields up to an empty line. */
export interface Frame {
	id?: string;
	event?: string;
	data?: string;
	/** In milliseconds. */
	retry?: number;
}

const LINE_END = /\r\n|\n|\r/;
/** Twice the length of the largest event that the service can send. */
const MAX_CHARACTERS = 4_194_304;

/**
 * Parses a response's body (WHATWG HTML, "Server-sent events"), and yields a list of frames for each piece that arrives.
 * Frames without data are included. The list may be empty: a heartbeat is not a frame, but shows that the connection is
 * alive.
 */
export async function* readFrames(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame[]> {
	const parser = new FrameParser();
	for await (const text of readTexts(body)) yield parser.feed(text);
}

class FrameParser {
	/** The beginning of a line that has not ended yet. */
	#line = "";
	/** The beginning of a frame that has not ended yet. */
	#frame: Frame | undefined;
	#isAfterReturn = false;

	/** Takes the next piece of the stream, and returns the frames that end in it. */
	feed(text: string): Frame[] {
		const frames: Frame[] = [];
		// CR LF is one line end, even when it is split between two pieces.
		const lines = text.slice(this.#isAfterReturn && text.startsWith("\n") ? 1 : 0).split(LINE_END);
		if (text !== "") this.#isAfterReturn = text.endsWith("\r");
		lines[0] = this.#line + lines[0];
		this.#line = lines.pop() ?? "";
		for (const line of lines) {
			if (line !== "") this.#take(line);
			else if (this.#frame) {
				frames.push(this.#frame);
				this.#frame = undefined;
			}
		}
		if (this.#line.length + (this.#frame?.data?.length ?? 0) > MAX_CHARACTERS) {
			throw new Error("The stream is not from tidings: it has an event that is too long.");
		}
		return frames;
	}

	#take(line: string): void {
		const [, name, value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
		const { data } = this.#frame ?? {};
		if (name === "data") this.#add({ data: data === undefined ? value : `${data}\n${value}` });
		else if (name === "event") this.#add({ event: value });
		else if (name === "id" && !value.includes("\0")) this.#add({ id: value });
		else if (name === "retry" && /^\d+$/.test(value)) this.#add({ retry: Number(value) });
	}

	#add(field: Frame): void {
		this.#frame = { ...this.#frame, ...field };
	}
}
