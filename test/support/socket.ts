import { exports } from "cloudflare:workers";

async function callService(request: Request): Promise<Response> {
	return await exports.default.fetch(request);
}

/** A WebSocket client of the service: its messages one by one, and how it ended. */
export class SocketReader {
	readonly #socket: WebSocket;
	readonly #messages: unknown[] = [];
	#wake: () => void = () => {};
	/** The close code, once it is closed. */
	closeCode: number | undefined;

	private constructor(socket: WebSocket) {
		this.#socket = socket;
		socket.addEventListener("message", ({ data }) => {
			this.#messages.push(JSON.parse(String(data)));
			this.#wake();
		});
		socket.addEventListener("close", ({ code }) => {
			this.closeCode = code;
			this.#wake();
		});
		socket.accept();
	}

	/** @param fetch calls another service than the one under test. */
	static async open(headers: HeadersInit = {}, fetch = callService): Promise<SocketReader> {
		const response = await fetch(
			new Request("http://tidings.test/ws", { headers: { Upgrade: "websocket", ...headers } }),
		);
		if (!response.webSocket) throw new Error(`${response.status} ${await response.text()}`);
		return new SocketReader(response.webSocket);
	}

	send(message: unknown): void {
		this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
	}

	sendBytes(bytes: Uint8Array): void {
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
