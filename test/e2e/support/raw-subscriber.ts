import { connect, type Socket } from "node:net";

/**
 * Where all of them read to, one after the other: what is not looked at at once is not kept. A buffer for each read would
 * cost a thousand readers more than the reading itself.
 */
const buffer = Buffer.alloc(65_536);

/** A subscriber on a bare socket: it can stop reading, vanish, and be one of a thousand. */
export class RawSubscriber {
	readonly #socket: Socket;
	readonly #marker: string;
	readonly #opened = Promise.withResolvers<void>();
	readonly #reached = Promise.withResolvers<void>();
	#tail = "";
	#cursor = "";
	isClosed = false;
	bytes = 0;

	/** @param marker the text that {@link reached} waits for. */
	constructor(url: string, marker: string, headers: Record<string, string> = {}) {
		const { hostname, port, pathname, search } = new URL(url);
		this.#marker = marker;
		const lines = Object.entries({ Host: hostname, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
		const callback = (bytes: number): boolean => {
			this.#read(buffer.subarray(0, bytes));
			return true;
		};
		this.#socket = connect({ host: hostname, port: Number(port), onread: { buffer, callback } }, () => {
			this.#socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${lines.join("")}\r\n`);
		});
		this.#socket.on("error", () => undefined);
		this.#socket.on("close", () => {
			this.isClosed = true;
			this.#reached.resolve();
		});
	}

	/** Resolves with the first bytes. */
	get opened(): Promise<void> {
		return this.#opened.promise;
	}

	/** Resolves when the marker has come, or the connection has ended. */
	get reached(): Promise<void> {
		return this.#reached.promise;
	}

	/** The id of the last event that was read. */
	get cursor(): string {
		return this.#cursor;
	}

	/** The last of what was read. */
	get tail(): string {
		return this.#tail;
	}

	stopReading(): void {
		this.#socket.pause();
	}

	readOn(): void {
		this.#socket.resume();
	}

	close(): void {
		this.#socket.destroy();
	}

	#read(chunk: Buffer): void {
		this.bytes += chunk.byteLength;
		this.#tail = (this.#tail + chunk.subarray(-400).toString("latin1")).slice(-400);
		const id = chunk.lastIndexOf("\nid: ");
		if (id >= 0) [, this.#cursor = this.#cursor] = /^\nid: (\d+)\n/.exec(chunk.toString("latin1", id, id + 30)) ?? [];
		this.#opened.resolve();
		if (this.#tail.includes(this.#marker)) this.#reached.resolve();
	}
}
