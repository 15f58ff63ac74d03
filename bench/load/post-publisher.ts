import { connect, type Socket } from "node:net";
import { BODIES, requestHead, type Target } from "./endpoint.ts";

/** A connection that publishes with one POST after another. */
export class PostPublisher {
	readonly #port: number;
	#socket: Socket;
	readonly #target: Target;
	readonly #form: keyof typeof BODIES;
	readonly #channel: string;
	#answer: PromiseWithResolvers<void> | undefined;
	#read = "";

	constructor(port: number, target: Target, form: keyof typeof BODIES, channel: string) {
		this.#target = target;
		this.#form = form;
		this.#channel = channel;
		this.#port = port;
		this.#socket = this.#connect();
	}

	async send(events: string[]): Promise<void> {
		const { path, headers } = this.#target;
		const { type, write } = BODIES[this.#form];
		const body = write(events, this.#channel);
		const answer = Promise.withResolvers<void>();
		this.#answer = answer;
		// Servers close connections over which nothing has come for some seconds.
		if (this.#socket.destroyed) this.#socket = this.#connect();
		const length = `${Buffer.byteLength(body)}`;
		this.#socket.write(
			requestHead("POST", path, { ...headers, "Content-Type": type, "Content-Length": length }) + body,
		);
		await answer.promise;
	}

	#connect(): Socket {
		const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
		socket.on("data", (chunk) => this.#readAnswer(chunk.toString("latin1")));
		socket.on("error", (error) => this.#answer?.reject(error));
		socket.on("close", () => this.#answer?.reject(new Error("The server closed a publisher's connection.")));
		return socket;
	}

	#readAnswer(text: string): void {
		this.#read += text;
		const end = this.#read.indexOf("\r\n\r\n");
		if (end < 0) return;
		const head = this.#read.slice(0, end);
		const [, length = "0"] = /\r\ncontent-length: (\d+)/i.exec(head) ?? [];
		if (this.#read.length < end + 4 + Number(length)) return;
		if (head.startsWith("HTTP/1.1 2")) this.#answer?.resolve();
		else this.#answer?.reject(new Error(`A publish was refused: ${this.#read.slice(0, 500)}`));
		this.#read = "";
	}
}
