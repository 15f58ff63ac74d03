import { createParser, type EventSourceMessage, type ParseError } from "eventsource-parser";
import { EventSourceParserStream } from "eventsource-parser/stream";

/** Event streams as a client reads them: frame by frame, as raw text, or from a text that is there already. */

/** Reads an event stream frame by frame. */
export class SseReader {
	readonly #reader: ReadableStreamDefaultReader<EventSourceMessage>;

	constructor({ body, status }: Pick<Response, "body" | "status">) {
		if (!body) throw new Error(`There is no stream: status ${status}`);
		this.#reader = body
			.pipeThrough(new TextDecoderStream())
			.pipeThrough(new EventSourceParserStream({ onError: "terminate" }))
			.getReader();
	}

	/** The next frame. */
	async next(): Promise<EventSourceMessage> {
		const { value, done } = await this.#reader.read();
		if (done) throw new Error("The stream ended.");
		return value;
	}

	/** The next so many frames. */
	async take(count: number): Promise<EventSourceMessage[]> {
		const frames: EventSourceMessage[] = [];
		while (frames.length < count) frames.push(await this.next());
		return frames;
	}

	/** The next frame of a type, which must come before any other. */
	async expect(type: string): Promise<{ id: string | undefined; data: unknown }> {
		const frame = await this.next();
		if ((frame.event ?? "message") !== type) throw new Error(`Expected ${type}, got ${JSON.stringify(frame)}`);
		return { id: frame.id, data: JSON.parse(frame.data) };
	}

	/** One frame after the other until the stream ends. Whoever stops earlier leaves. */
	async *[Symbol.asyncIterator](): AsyncGenerator<EventSourceMessage, void, undefined> {
		try {
			for (;;) {
				const { value, done } = await this.#reader.read();
				if (done) return;
				yield value;
			}
		} finally {
			await this.close();
		}
	}

	/** All frames until the stream ends. */
	async rest(): Promise<EventSourceMessage[]> {
		return await Array.fromAsync(this);
	}

	/** Leaves. */
	async close(): Promise<void> {
		await this.#reader.cancel();
	}
}

/** Reads a stream's raw text until it holds something, and leaves. */
export async function readUntil({ body }: Pick<Response, "body">, wanted: string | RegExp): Promise<string> {
	let text = "";
	for await (const piece of body?.pipeThrough(new TextDecoderStream()) ?? []) {
		text += piece;
		if (text.search(wanted) >= 0) return text;
	}
	throw new Error(`The stream ended without ${wanted}: ${text}`);
}

/** What a client makes of a text: its events, and everything else that it is told. */
export interface Parsed {
	events: EventSourceMessage[];
	/** All ids, those of frames without data among them. */
	ids: string[];
	retries: number[];
	comments: string[];
	errors: ParseError[];
}

/** What a client makes of the text of a stream, when it comes in pieces of some size. */
export function parseFrames(text: string, pieceSize = text.length): Parsed {
	const parsed: Parsed = { events: [], ids: [], retries: [], comments: [], errors: [] };
	const parser = createParser({
		onEvent: (event) => void parsed.events.push(event),
		onId: (id) => void parsed.ids.push(id),
		onRetry: (retry) => void parsed.retries.push(retry),
		onComment: (comment) => void parsed.comments.push(comment),
		onError: (error) => void parsed.errors.push(error),
	});
	for (let index = 0; index < text.length; index += pieceSize) parser.feed(text.slice(index, index + pieceSize));
	return parsed;
}
