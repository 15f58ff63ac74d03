import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { now } from "./clock.ts";
import { type Endpoint, requestHead } from "./endpoint.ts";
import { FrameReader } from "./frame-reader.ts";

/** All sockets read into this buffer in turn. Allocating one for each read would cost more than everything else. */
const BUFFER = Buffer.alloc(65_536);

/** How often a stream that was cut off is opened again before the measurement fails, and the pauses between. */
const MAX_ATTEMPTS = 40;
const ATTEMPT_MILLISECONDS = 250;

/** Counts what all subscribers read. */
export interface Readings {
	/** @param publishedAt in microseconds, on the load generator's clock. */
	delivered(publishedAt: number, now: number): void;
	/** Bytes of a stream, with what HTTP adds to it. */
	received(bytes: number): void;
	/** The server ended the stream. */
	ended(subscriber: Subscriber): void;
}

export interface SubscriberOptions {
	endpoint: Endpoint;
	publishers: number;
	readings: Readings;
	/** How many events each publisher has published before the stream is opened. Default: 0. */
	published?: number;
	/** The loopback address to connect from. Default: as the system chooses. */
	from?: string | undefined;
}

/** A stream on a plain socket. It checks that each event follows the one before it. */
export class Subscriber {
	readonly #endpoint: Endpoint;
	readonly #readings: Readings;
	readonly #reader: FrameReader;
	readonly #next: Uint32Array;
	readonly #from: string | undefined;
	#socket: Socket | undefined;
	/** What the last complete frame said. */
	#cursor: number | undefined;
	#offset: number | undefined;
	#now = 0;

	constructor({ endpoint, publishers, readings, published = 0, from }: SubscriberOptions) {
		this.#endpoint = endpoint;
		this.#readings = readings;
		this.#from = from;
		this.#next = new Uint32Array(publishers).fill(published);
		this.#reader = new FrameReader({
			id: (offset) => this.#follow(offset),
			event: (publisher, number, publishedAt) => {
				const expected = this.#next[publisher];
				if (number !== expected)
					throw new Error(`Publisher ${publisher}: expected event ${expected}, received event ${number}.`);
				this.#next[publisher] = number + 1;
				readings.delivered(publishedAt, this.#now);
			},
			frameEnd: () => {
				this.#cursor = this.#offset;
			},
		});
	}

	/** Opens the stream at its cursor, and resolves with the first bytes. */
	async open(): Promise<void> {
		const { port, stream } = this.#endpoint;
		const cursor = this.#cursor === undefined ? {} : { "Last-Event-ID": `${this.#cursor}` };
		this.#offset = this.#cursor;
		this.#reader.reset();
		const opened = Promise.withResolvers<void>();
		let isOpen = false;
		const read = (length: number) => {
			this.#now = now();
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
		const socket = connect({
			port,
			host: "127.0.0.1",
			noDelay: true,
			onread: { buffer: BUFFER, callback: read },
			...(this.#from !== undefined && { localAddress: this.#from }),
		});
		this.#socket = socket;
		socket.write(requestHead("GET", stream.path, { Accept: "text/event-stream", ...stream.headers, ...cursor }));
		socket.on("error", (error) => opened.reject(error));
		socket.on("close", () => {
			opened.reject(new Error("The server closed a connection before it answered."));
			if (this.#socket === socket && isOpen) this.#readings.ended(this);
		});
		await opened.promise;
	}

	/** Opens the stream again at its cursor, however often the server refuses it while it recovers. */
	async reopen(): Promise<void> {
		for (let attempt = 1; ; attempt += 1) {
			try {
				return await this.open();
			} catch (error) {
				this.drop();
				if (attempt === MAX_ATTEMPTS) throw error;
			}
			await wait(ATTEMPT_MILLISECONDS);
		}
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
