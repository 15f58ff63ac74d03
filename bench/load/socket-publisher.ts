import { connect, type Socket } from "node:net";
import { requestHead, type Target, UPGRADE } from "./endpoint.ts";

const TEXT = 0x81;
const MASKED = 0x80;
/** The lengths that say that the length follows, in 2 or in 8 bytes. */
const LONG = 126;
const LONGER = 127;

/** A WebSocket that publishes with one message after another, without waiting for the answers. */
export class SocketPublisher {
	readonly #socket: Socket;
	readonly #opened = Promise.withResolvers<void>();
	readonly #unanswered: { ref: number; answer: PromiseWithResolvers<void> }[] = [];
	#ref = 0;
	#isOpen = false;
	#unread: Buffer = Buffer.alloc(0);

	constructor(port: number, { path, headers }: Target) {
		this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
		this.#socket.write(requestHead("GET", path, { ...headers, ...UPGRADE }));
		this.#socket.on("data", (chunk) => this.#read(chunk));
		this.#socket.on("error", (error) => this.#fail(error));
		this.#socket.on("close", () => this.#fail(new Error("The server closed a publisher's WebSocket.")));
	}

	async send(events: string[]): Promise<void> {
		const ref = this.#ref++;
		const answer = Promise.withResolvers<void>();
		this.#unanswered.push({ ref, answer });
		const message = frame(JSON.stringify({ ref, events: events.map((data) => ({ data })) }));
		if (!this.#isOpen) await this.#opened.promise;
		// What is sent in one turn leaves in one write.
		if (this.#socket.writableCorked === 0) {
			this.#socket.cork();
			setImmediate(() => this.#socket.uncork());
		}
		this.#socket.write(message);
		await answer.promise;
	}

	#read(chunk: Buffer): void {
		this.#unread = this.#unread.length > 0 ? Buffer.concat([this.#unread, chunk]) : chunk;
		if (!this.#isOpen && !this.#readHead()) return;
		for (let payload = this.#nextPayload(); payload; payload = this.#nextPayload()) this.#settle(payload);
	}

	#readHead(): boolean {
		const end = this.#unread.indexOf("\r\n\r\n");
		if (end < 0) return false;
		const head = this.#unread.toString("latin1", 0, end);
		if (!head.startsWith("HTTP/1.1 101")) {
			this.#fail(new Error(`A publisher's WebSocket was refused: ${this.#unread.toString("latin1", 0, 500)}`));
			return false;
		}
		this.#unread = this.#unread.subarray(end + 4);
		this.#isOpen = true;
		this.#opened.resolve();
		return true;
	}

	/** The payload of the next frame; `undefined` if it is not complete yet. */
	#nextPayload(): Buffer | undefined {
		const bytes = this.#unread;
		if (bytes.length < 2) return undefined;
		const short = bytes.readUInt8(1);
		const start = short < LONG ? 2 : short === LONG ? 4 : 10;
		if (bytes.length < start) return undefined;
		const length = short < LONG ? short : short === LONG ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
		if (bytes.length < start + length) return undefined;
		this.#unread = bytes.subarray(start + length);
		return bytes.subarray(start, start + length);
	}

	#settle(payload: Buffer): void {
		const text = payload.toString();
		const next = this.#unanswered.shift();
		if (next && text.includes('"ids"') && JSON.parse(text).ref === next.ref) next.answer.resolve();
		else next?.answer.reject(new Error(`A publish was refused: ${text.slice(0, 500)}`));
	}

	#fail(error: Error): void {
		this.#opened.reject(error);
		for (const { answer } of this.#unanswered.splice(0)) answer.reject(error);
	}
}

/** A frame as a client has to send it: masked, with zeros, which leave the payload as it is. */
function frame(text: string): Buffer {
	const payload = Buffer.from(text);
	const length = payload.length;
	const head = Buffer.alloc(length < LONG ? 6 : length < 65_536 ? 8 : 14);
	head.writeUInt8(TEXT, 0);
	if (length < LONG) head.writeUInt8(MASKED + length, 1);
	else if (length < 65_536) {
		head.writeUInt8(MASKED + LONG, 1);
		head.writeUInt16BE(length, 2);
	} else {
		head.writeUInt8(MASKED + LONGER, 1);
		head.writeBigUInt64BE(BigInt(length), 2);
	}
	return Buffer.concat([head, payload]);
}
