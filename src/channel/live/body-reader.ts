/** How long a producer may pause before it counts as one that waits for its answer, and how much it may send until then. */
const PAUSE_MILLISECONDS = 50;
const MAX_DISCARDED_BYTES = 16_777_216;
const MAX_DISCARDING_MILLISECONDS = 1000;

type Read = ReadableStreamReadResult<Uint8Array>;

/** Reads the body of a request chunk by chunk, until somebody interrupts. */
export class BodyReader {
	readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
	/** A read that was interrupted goes on. */
	#reading: Promise<Read> | undefined;
	#isInterrupted = false;
	#wake = () => {};

	/** @param body `null`: it is empty. */
	constructor(body: ReadableStream<Uint8Array> | null) {
		this.#reader = body?.getReader();
	}

	/**
	 * Returns the next chunk; `undefined` at the end of the body, or when it is interrupted.
	 *
	 * @throws if the body broke off before its end.
	 */
	async next(): Promise<Uint8Array | undefined> {
		if (!this.#reader || this.#isInterrupted) return undefined;
		const reading = this.#reader.read();
		this.#reading = reading;
		const read = await new Promise<Read | undefined>((resolve, reject) => {
			this.#wake = () => resolve(undefined);
			reading.then(resolve, reject);
		});
		if (read) this.#reading = undefined;
		return read?.value;
	}

	/** Ends the wait for the next chunk. */
	interrupt(): void {
		this.#isInterrupted = true;
		this.#wake();
	}

	/**
	 * Discards what the producer still sends, until it pauses. The runtime closes the connection with the answer: a
	 * producer that is still sending would be told of that, and not get the answer.
	 */
	async discard(): Promise<void> {
		const until = Date.now() + MAX_DISCARDING_MILLISECONDS;
		let bytes = 0;
		try {
			while (this.#reader && bytes < MAX_DISCARDED_BYTES && Date.now() < until) {
				this.#reading ??= this.#reader.read();
				const read = await Promise.race([this.#reading, scheduler.wait(PAUSE_MILLISECONDS)]);
				if (!read) break;
				this.#reading = undefined;
				if (read.done) return;
				bytes += read.value.byteLength;
			}
			await this.#reader?.cancel();
		} catch {
			// The body broke off, so that nobody waits for an answer.
		}
	}
}
