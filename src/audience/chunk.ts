import { encodeEvents, TEXT_AT } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import { framedBytes } from "../wire/stored.ts";
import type { Subscription } from "../wire/subscription.ts";

const encoder = new TextEncoder();

interface ChunkOptions {
	/** Its events in a dialect, one text each. */
	texts: readonly string[];
	dialect: Subscription["dialect"];
	/** The offset of the last of them. */
	last: Offset;
	/** Where the batch ends that they are of: every event up to there is in the chunk, or filtered out. */
	position: Offset;
	/** Whether they were read from the log. */
	isReplay: boolean;
}

/**
 * A batch of events, encoded once and shared by all subscribers with the same events and dialect. What only some outlets
 * need is encoded when the first of them asks for it.
 */
export class Chunk {
	/** The offset of the last event. */
	readonly last: Offset;
	/** The encoded events, for a client's WebSocket: a message each. */
	readonly texts: readonly string[];
	/** The length of all texts. */
	readonly characters: number;
	readonly #options: ChunkOptions;
	#encoded: { bytes: number; message: Uint8Array; text: Uint8Array } | undefined;

	constructor(options: ChunkOptions) {
		this.#options = options;
		this.last = options.last;
		this.texts = options.texts;
		this.characters = options.texts.reduce((sum, { length }) => sum + length, 0);
	}

	/** The number of events. */
	get events(): number {
		return this.texts.length;
	}

	/** What the events add to a session's backlog. */
	get bytes(): number {
		return this.#encode().bytes;
	}

	/** The events message, for a session. */
	get message(): Uint8Array {
		return this.#encode().message;
	}

	/** The encoded events, for a response that this object holds. */
	get text(): Uint8Array {
		return this.#encode().text;
	}

	#encode(): { bytes: number; message: Uint8Array; text: Uint8Array } {
		if (this.#encoded) return this.#encoded;
		const { dialect, last, position, isReplay } = this.#options;
		const { events } = this;
		const text = this.texts.join("");
		const encoded = encoder.encode(text);
		const { byteLength } = encoded;
		const bytes = dialect === "stored" ? framedBytes(text, byteLength) : byteLength;
		const message = encodeEvents({ position, last, events, replayed: isReplay ? events : 0, bytes }, encoded);
		this.#encoded = { bytes, message, text: message.subarray(TEXT_AT) };
		return this.#encoded;
	}
}
