import type { EventInput } from "../wire/intake.ts";
import { eventJson } from "./event-json.ts";

/** A body that is published as it arrives. */
export type PipedType = "text/event-stream" | "application/x-ndjson";

/** What a publish can take its events from: the bytes of a body, or events. */
export type Pipeable =
	| ReadableStream<Uint8Array>
	| ReadableStream<EventInput>
	| AsyncIterable<Uint8Array>
	| AsyncIterable<EventInput>;

type Piece = Uint8Array | EventInput;

const TEXTS_HELP = "The stream has texts. Pipe it through a `TextEncoderStream`, and its bytes are published.";
const MIXED_HELP = "The stream has events, but bytes came before, or `contentType` is that of an event stream.";
const encoder = new TextEncoder();

/** A request's body that is read from a stream piece by piece, each only when the connection has room for it. */
export class PipedBody {
	readonly #pieces: AsyncIterator<Piece>;
	#type: PipedType | undefined;
	/** The first piece, when it had to be looked at. */
	#peeked: IteratorResult<Piece> | undefined;
	#isTaken = false;
	readonly #onFailure: (error: unknown) => void;

	/**
	 * @param type what the bytes are. Default: an event stream, and events become NDJSON.
	 * @param onFailure called with what the stream throws while it is the body of a request.
	 */
	constructor(stream: Pipeable, type: PipedType | undefined, onFailure: (error: unknown) => void) {
		this.#onFailure = onFailure;
		this.#type = type ?? (isByteStream(stream) ? "text/event-stream" : undefined);
		this.#pieces = piecesOf(stream);
	}

	/** Whether a piece was handed to a request. It cannot be had again. */
	get isTaken(): boolean {
		return this.#isTaken;
	}

	/** The type of the body. If it cannot be told from the stream, the first piece says it. */
	async type(): Promise<PipedType> {
		if (this.#type) return this.#type;
		this.#peeked = await this.#pieces.next();
		this.#type = this.#peeked.value instanceof Uint8Array ? "text/event-stream" : "application/x-ndjson";
		return this.#type;
	}

	/** The body of a request. Another one may follow for as long as nothing was taken. */
	open(): ReadableStream<Uint8Array> {
		return new ReadableStream(
			{
				pull: async (controller) => {
					try {
						const { done, value } = await this.#next();
						if (done) controller.close();
						else controller.enqueue(this.#bytesOf(value));
					} catch (error) {
						this.#onFailure(error);
						throw error;
					}
				},
			},
			{ highWaterMark: 0 },
		);
	}

	/** Tells the stream that nothing more is read. */
	async cancel(): Promise<void> {
		await this.#pieces.return?.();
	}

	async #next(): Promise<IteratorResult<Piece>> {
		this.#isTaken = true;
		const peeked = this.#peeked;
		this.#peeked = undefined;
		return peeked ?? (await this.#pieces.next());
	}

	#bytesOf(piece: Piece): Uint8Array {
		if (piece instanceof Uint8Array) return piece;
		if (typeof piece === "string") throw new TypeError(TEXTS_HELP);
		if (this.#type !== "application/x-ndjson") throw new TypeError(MIXED_HELP);
		return encoder.encode(`${eventJson(piece)}\n`);
	}
}

/** Whether a stream is one of bytes for certain, as the body of a response is. */
function isByteStream(stream: Pipeable): boolean {
	if (!("getReader" in stream)) return false;
	try {
		stream.getReader({ mode: "byob" }).releaseLock();
		return true;
	} catch {
		// It has pieces of any kind, or it is locked, which reading it will tell.
		return false;
	}
}

/** Not every browser can iterate over a `ReadableStream`. */
function piecesOf(stream: Pipeable): AsyncIterator<Piece> {
	if (!("getReader" in stream)) return stream[Symbol.asyncIterator]();
	const reader: ReadableStreamDefaultReader<Piece> = stream.getReader();
	return {
		next: async () => {
			const { done, value } = await reader.read();
			return done ? { done, value: undefined } : { done, value };
		},
		return: async () => {
			await reader.cancel();
			return { done: true, value: undefined };
		},
	};
}
