/** What the reader of a body does. */
interface BodyHandlers {
	/** The client has left. */
	left(): void;
	/** The client has room for more. This costs, so a body that is only pushed to leaves it out. */
	more?: (() => void) | undefined;
}

const encoder = new TextEncoder();

/** The body of an event stream's response. It takes whatever is written: the writer has to watch the backlog. */
export class StreamBody {
	readonly readable: ReadableStream<Uint8Array>;
	readonly #maxBacklogBytes: number;
	readonly #controller: ReadableStreamDefaultController<Uint8Array>;

	constructor(maxBacklogBytes: number, { left, more }: BodyHandlers) {
		this.#maxBacklogBytes = maxBacklogBytes;
		let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
		this.readable = new ReadableStream<Uint8Array>(
			{
				start: (ready) => {
					controller = ready;
				},
				...(more && { pull: more }),
				cancel: left,
			},
			new ByteLengthQueuingStrategy({ highWaterMark: maxBacklogBytes }),
		);
		this.#controller = controller as unknown as ReadableStreamDefaultController<Uint8Array>;
	}

	/** How much is queued and not yet handed to the network. */
	get unsentBytes(): number {
		return this.#maxBacklogBytes - (this.#controller.desiredSize ?? 0);
	}

	write(chunk: Uint8Array | string): void {
		this.#controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
	}

	/** Ends the response. What is queued can still be read. */
	close(): void {
		this.#controller.close();
	}

	/** Drops what is queued, for a client that does not read the end of its stream. */
	drop(): void {
		this.#controller.error(new Error("The client left the end of its stream unread."));
	}

	/** The response that the client gets. */
	toResponse(): Response {
		return new Response(this.readable, {
			headers: {
				"Content-Type": "text/event-stream",
				"Cache-Control": "no-store, no-transform",
				"X-Accel-Buffering": "no",
			},
		});
	}
}
