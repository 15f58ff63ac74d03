const encoder = new TextEncoder();

/** The body of a live publish, as its producer writes it. */
export class Producer {
	readonly body: ReadableStream<Uint8Array>;
	readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

	constructor() {
		const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
		this.body = readable;
		this.#writer = writable.getWriter();
	}

	/** Resolves when the body has been read so far, and rejects when nobody reads it any more. */
	async write(piece: string | Uint8Array): Promise<void> {
		await this.#writer.write(typeof piece === "string" ? encoder.encode(piece) : piece);
	}

	/** Ends the body, as its producer means to. */
	async end(): Promise<void> {
		await this.#writer.close();
	}

	/** Breaks the body off. */
	async breakOff(): Promise<void> {
		await this.#writer.abort(new Error("The producer broke off."));
	}
}
