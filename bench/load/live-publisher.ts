import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { FRAMES, framesOf, requestHead, type Target } from "./endpoint.ts";

/** One POST whose body does not end. Each publish is a chunk of it (RFC 9112, section 7.1). */
export class LivePublisher {
	readonly #socket: Socket;

	constructor(port: number, { path, headers }: Target) {
		this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
		this.#socket.write(
			requestHead("POST", path, { ...headers, "Content-Type": FRAMES, "Transfer-Encoding": "chunked" }),
		);
		this.#socket.on("data", (chunk) => fail(`A live body was answered before its end: ${chunk.toString("latin1")}`));
		this.#socket.on("error", (error) => fail(`A live body failed: ${error}`));
		this.#socket.on("close", () => fail("The server closed a live body."));
	}

	/** Resolves when the connection takes more. Nothing says yet that the events are stored. */
	async send(events: string[]): Promise<void> {
		const frames = framesOf(events);
		const chunk = `${Buffer.byteLength(frames).toString(16)}\r\n${frames}\r\n`;
		if (!this.#socket.write(chunk)) await once(this.#socket, "drain");
	}
}

/** Fails the measurement, whatever it waits for. */
function fail(message: string): never {
	throw new Error(message);
}
