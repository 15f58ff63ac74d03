/** Callbacks for what the reader of a body does. */
interface BodyHandlers {
	/** The client disconnected. */
	left(): void;
	/** The client has room for more. Leave it out of a body that is only pushed to: every pull costs a call. */
	more?: (() => Promise<void>) | undefined;
}

const encoder = new TextEncoder();
/** As a `ByteLengthQueuingStrategy` has it. Making one of those for each stream costs more. */
const byteLength = (chunk: Uint8Array) => chunk.byteLength;

/**
 * The body of an event stream's response. `write` never blocks or refuses: backpressure is up to the writer, which has
 * `unsentBytes`.
 */
export class StreamBody {
	readonly readable: ReadableStream<Uint8Array>;
	readonly #maxBacklogBytes: number;
	readonly #controller: ReadableStreamDefaultController<Uint8Array>;
	#isOpen = true;
	#hasLeft = false;

	constructor(maxBacklogBytes: number, { left, more }: BodyHandlers) {
		this.#maxBacklogBytes = maxBacklogBytes;
		let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
		this.readable = new ReadableStream<Uint8Array>(
			{
				start: (ready) => {
					controller = ready;
				},
				...(more && { pull: more }),
				cancel: () => {
					this.#isOpen = false;
					this.#hasLeft = true;
					left();
				},
			},
			{ highWaterMark: maxBacklogBytes, size: byteLength },
		);
		this.#controller = controller as unknown as ReadableStreamDefaultController<Uint8Array>;
	}

	/** The number of bytes that are queued and not yet sent; 0 when the client has left. */
	get unsentBytes(): number {
		if (this.#hasLeft) return 0;
		return this.#maxBacklogBytes - (this.#controller.desiredSize ?? 0);
	}

	/** Does nothing once the stream has ended. */
	write(chunk: Uint8Array | string): void {
		if (this.#isOpen) this.#controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
	}

	/** Ends the response. What is queued can still be read. */
	close(): void {
		if (this.#isOpen) this.#controller.close();
		this.#isOpen = false;
	}

	/** Discards the queue, for a client that does not read the end of its stream. */
	drop(): void {
		this.#isOpen = false;
		this.#controller.error(new Error("The client left the end of its stream unread."));
	}

	/**
	 * The response that the client gets.
	 *
	 * @param headers further ones.
	 */
	toResponse(headers: Readonly<Record<string, string>> = {}): Response {
		return new Response(this.readable, {
			headers: {
				...headers,
				"Content-Type": "text/event-stream",
				"Cache-Control": "no-store, no-transform",
				"X-Accel-Buffering": "no",
			},
		});
	}
}
