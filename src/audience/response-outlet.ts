import { StreamBody } from "../stream-body.ts";
import { ALIVE_HEARTBEATS } from "../wire/connection.ts";
import type { Dialect } from "../wire/dialect/dialect.ts";
import type { ChannelMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import { spreadRetry } from "../wire/retry.ts";
import type { Start, Subscription } from "../wire/subscription.ts";
import type { Chunk } from "./chunk.ts";
import { ControlText } from "./control-text.ts";
import type { Outlet } from "./outlet.ts";

interface ResponseOutletOptions {
	channel: string;
	dialect: Dialect;
	maxBacklogBytes: number;
	retryMilliseconds: number;
	now: number;
	/** The client disconnected. */
	left(): void;
	/** The client has room for more of a long replay. */
	more: (() => Promise<void>) | undefined;
}

/** An event stream's response that this object holds. */
export class ResponseOutlet implements Outlet {
	readonly isMetered = true;
	readonly isResponse = true;
	readonly streams = 1;
	readonly #text: ControlText;
	readonly #maxBacklogBytes: number;
	readonly #retryMilliseconds: number;
	readonly #body: StreamBody;
	#writtenAt: number;
	/** Whether the client's cursor is behind events that were filtered out. */
	#hasWithheld = false;
	/** When the client last gave a sign of life, in Unix milliseconds; absent if it gives none. */
	#heardAt: number | undefined;

	constructor({ channel, dialect, maxBacklogBytes, retryMilliseconds, now, left, more }: ResponseOutletOptions) {
		this.#text = new ControlText(channel, dialect);
		this.#maxBacklogBytes = maxBacklogBytes;
		this.#retryMilliseconds = retryMilliseconds;
		this.#writtenAt = now;
		this.#body = new StreamBody(maxBacklogBytes, { left, more });
	}

	get unsentBytes(): number {
		return this.#body.unsentBytes;
	}

	get mustDrain(): boolean {
		return this.unsentBytes >= this.#maxBacklogBytes;
	}

	/** @param requestId the id of the client's request. */
	toResponse(requestId: string): Response {
		return this.#body.toResponse({ "X-Request-Id": requestId });
	}

	open(start: Start, subscription: Subscription, now: number): void {
		const retry = spreadRetry(this.#retryMilliseconds, Math.random());
		this.#write(this.#text.opening(start, subscription, retry).join(""), now);
	}

	deliver(chunk: Chunk | undefined, position: Offset, now: number): void {
		this.#hasWithheld = chunk?.last !== position;
		if (chunk) this.#write(chunk.text, now);
	}

	/** Every message with a cursor moves the client past events that were filtered out. */
	tell(message: ChannelMessage, position: Offset, now: number): void {
		if (message.type === "alive") this.#heardAt = now;
		const text = this.#text.of(message, position, this.#hasWithheld);
		if (!text) return;
		this.#write(text, now);
		this.#hasWithheld = false;
	}

	close(): void {
		this.#body.close();
	}

	drop(): void {
		this.#body.drop();
	}

	/** Nothing to persist: an open response prevents hibernation. */
	persist(): void {}

	heartbeatDue(silenceMilliseconds: number): number {
		return this.#writtenAt + silenceMilliseconds;
	}

	lostAt(heartbeatMilliseconds: number): number {
		return this.#heardAt === undefined
			? Number.POSITIVE_INFINITY
			: this.#heardAt + ALIVE_HEARTBEATS * heartbeatMilliseconds;
	}

	#write(chunk: Uint8Array | string, now: number): void {
		this.#body.write(chunk);
		this.#writtenAt = now;
	}
}
