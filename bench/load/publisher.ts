import { connect, type Socket } from "node:net";
import { BODIES, type Endpoint, requestHead } from "./endpoint.ts";
import { EVENT_MARK } from "./frame-reader.ts";

/** A connection that publishes one request after another, and numbers its events. */
export class Publisher {
	readonly #socket: Socket;
	readonly #endpoint: Endpoint;
	readonly #index: number;
	#number = 0;
	#answer = Promise.withResolvers<void>();
	#read = "";

	constructor(endpoint: Endpoint, index: number) {
		this.#endpoint = endpoint;
		this.#index = index;
		this.#socket = connect({ port: endpoint.port, host: "127.0.0.1", noDelay: true });
		this.#socket.on("data", (chunk) => this.#readAnswer(chunk.toString("latin1")));
		this.#socket.on("error", (error) => this.#answer.reject(error));
	}

	/** Publishes the next events of this connection, and resolves when the server has answered. */
	async publish(count: number, publishedAt: number): Promise<void> {
		const { path, headers, form } = this.#endpoint.publish;
		const microseconds = Math.round(publishedAt * 1000);
		const events = Array.from({ length: count }, (_, at) => {
			return `${EVENT_MARK}${this.#index} ${this.#number + at} ${microseconds}`;
		});
		this.#number += count;
		const { type, write } = BODIES[form];
		const body = write(events, this.#endpoint.channel);
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
