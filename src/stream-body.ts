/** What is told of a body by its reader. */
interface BodyHandlers {
	/** The client went away by itself. */
	left(): void;
	/** There is room for more. Asking for it costs: a body without this handler is only pushed to. */
	more?: (() => void) | undefined;
}

const encoder = new TextEncoder();

/** The body of an event stream's response, written to from outside. It never refuses, so the writer minds the backlog. */
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

	/** What is queued and was not handed to the network yet. */
	get unsentBytes(): number {
		return this.#maxBacklogBytes - (this.#controller.desiredSize ?? 0);
	}

	write(chunk: Uint8Array | string): void {
		this.#controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
	}

	/** Ends the response; what is queued can still be read. */
	close(): void {
		this.#controller.close();
	}

	/** Drops what the client has not read: for one that was closed and does not read on. */
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
