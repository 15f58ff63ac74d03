import { connect, type Socket } from "node:net";
import { type Endpoint, requestHead } from "./endpoint.ts";
import { FrameReader } from "./frame-reader.ts";

/** All sockets read into this buffer in turn. Allocating one for each read would cost more than everything else. */
const BUFFER = Buffer.alloc(65_536);

/** Counts what all subscribers read. */
export interface Readings {
	/** @param publishedAt in microseconds, on this process's clock. */
	delivered(publishedAt: number, now: number): void;
	/** Bytes of a stream, with what HTTP adds to it. */
	received(bytes: number): void;
}

/** A stream on a plain socket. It checks that each event follows the one before it. */
export class Subscriber {
	readonly #endpoint: Endpoint;
	readonly #readings: Readings;
	readonly #reader: FrameReader;
	readonly #next: Uint32Array;
	#socket: Socket | undefined;
	#offset: number | undefined;
	#now = 0;

	constructor(endpoint: Endpoint, publishers: number, readings: Readings) {
		this.#endpoint = endpoint;
		this.#readings = readings;
		this.#next = new Uint32Array(publishers);
		this.#reader = new FrameReader({
			id: (offset) => this.#follow(offset),
			event: (publisher, number, publishedAt) => {
				const expected = this.#next[publisher];
				if (number !== expected)
					throw new Error(`Publisher ${publisher}: expected event ${expected}, received event ${number}.`);
				this.#next[publisher] = number + 1;
				readings.delivered(publishedAt, this.#now);
			},
		});
	}

	/** Opens the stream at its cursor, and resolves with the first bytes. */
	async open(): Promise<void> {
		const { port, stream } = this.#endpoint;
		const cursor = this.#offset === undefined ? {} : { "Last-Event-ID": `${this.#offset}` };
		const opened = Promise.withResolvers<void>();
		let isOpen = false;
		const read = (length: number) => {
			this.#now = performance.now();
			const chunk = BUFFER.subarray(0, length);
			if (isOpen) {
				this.#readings.received(length);
				this.#reader.read(chunk);
			} else if (["HTTP/1.1 200", "HTTP/1.1 101"].includes(chunk.toString("latin1", 0, 12))) {
				isOpen = true;
				opened.resolve();
				this.#reader.read(chunk);
			} else opened.reject(new Error(`A stream was refused: ${chunk.toString("latin1", 0, 500)}`));
			return true;
		};
		const socket = connect({ port, host: "127.0.0.1", noDelay: true, onread: { buffer: BUFFER, callback: read } });
		this.#socket = socket;
		socket.write(requestHead("GET", stream.path, { Accept: "text/event-stream", ...stream.headers, ...cursor }));
		socket.on("error", (error) => opened.reject(error));
		socket.on("close", () => {
			if (this.#socket === socket) throw new Error("The server ended a stream.");
		});
		await opened.promise;
	}

	/** Drops the connection. */
	drop(): void {
		const socket = this.#socket;
		this.#socket = undefined;
		socket?.destroy();
	}

	/**
	 * Checks an offset, if the server sends any. Offsets are contiguous from the first event on. Before it, the offset is 0.
	 */
	#follow(offset: number): void {
		if (this.#offset !== undefined && this.#offset !== 0 && offset !== this.#offset && offset !== this.#offset + 1)
			throw new Error(`Received offset ${offset} after ${this.#offset}.`);
		this.#offset = offset;
	}
}
