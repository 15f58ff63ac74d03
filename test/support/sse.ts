import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";

/** Reads an event stream frame by frame. */
export class SseReader {
	readonly #reader: ReadableStreamDefaultReader<EventSourceMessage>;

	constructor(response: Response) {
		if (!response.body) throw new Error(`There is no stream: status ${response.status}`);
		this.#reader = response.body
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

	/** All frames until the stream ends. */
	async rest(): Promise<EventSourceMessage[]> {
		const frames: EventSourceMessage[] = [];
		for (;;) {
			const { value, done } = await this.#reader.read();
			if (done) return frames;
			frames.push(value);
		}
	}

	/** Leaves. */
	async close(): Promise<void> {
		await this.#reader.cancel();
	}
}
