import { connect, type Socket } from "node:net";
import { BODIES, requestHead, type Target } from "./endpoint.ts";

/** A connection that publishes with one POST after another. */
export class PostPublisher {
	readonly #socket: Socket;
	readonly #target: Target;
	readonly #form: keyof typeof BODIES;
	readonly #channel: string;
	#answer = Promise.withResolvers<void>();
	#read = "";

	constructor(port: number, target: Target, form: keyof typeof BODIES, channel: string) {
		this.#target = target;
		this.#form = form;
		this.#channel = channel;
		this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
		this.#socket.on("data", (chunk) => this.#readAnswer(chunk.toString("latin1")));
		this.#socket.on("error", (error) => this.#answer.reject(error));
	}

	async send(events: string[]): Promise<void> {
		const { path, headers } = this.#target;
		const { type, write } = BODIES[this.#form];
		const body = write(events, this.#channel);
		this.#answer = Promise.withResolvers<void>();
		const length = `${Buffer.byteLength(body)}`;
		this.#socket.write(
			requestHead("POST", path, { ...headers, "Content-Type": type, "Content-Length": length }) + body,
		);
		await this.#answer.promise;
	}

	#readAnswer(text: string): void {
		this.#read += text;
		const end = this.#read.indexOf("\r\n\r\n");
		if (end < 0) return;
		const head = this.#read.slice(0, end);
		const [, length = "0"] = /\r\ncontent-length: (\d+)/i.exec(head) ?? [];
		if (this.#read.length < end + 4 + Number(length)) return;
		if (head.startsWith("HTTP/1.1 2")) this.#answer.resolve();
		else this.#answer.reject(new Error(`A publish was refused: ${this.#read.slice(0, 500)}`));
		this.#read = "";
	}
}
