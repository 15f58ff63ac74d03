/** A WebSocket client of the service: its messages one by one, and how it ended. */
export class MessageReader {
	readonly #socket: WebSocket;
	readonly #messages: unknown[] = [];
	#wake: () => void = () => {};
	/** The close code, once it is closed. */
	closeCode: number | undefined;
	closeReason: string | undefined;

	constructor(socket: WebSocket) {
		this.#socket = socket;
		socket.addEventListener("message", ({ data }) => {
			this.#messages.push(JSON.parse(String(data)));
			this.#wake();
		});
		socket.addEventListener("close", ({ code, reason }) => {
			this.closeCode = code;
			this.closeReason = reason;
			this.#wake();
		});
	}

	send(message: unknown): void {
		this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
	}

	sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
		this.#socket.send(bytes);
	}

	/** The next message. */
	async next(): Promise<unknown> {
		while (this.#messages.length === 0) {
			if (this.closeCode !== undefined) throw new Error(`The WebSocket was closed with ${this.closeCode}.`);
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
		}
		return this.#messages.shift();
	}

	/** The next messages. */
	async take(count: number): Promise<unknown[]> {
		const messages: unknown[] = [];
		while (messages.length < count) messages.push(await this.next());
		return messages;
	}

	/** The close code, when it comes. */
	async closed(): Promise<number> {
		while (this.closeCode === undefined) {
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
		}
		return this.closeCode;
	}

	close(): void {
		this.#socket.close(1000);
	}
}
