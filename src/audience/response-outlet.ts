import { StreamBody } from "../stream-body.ts";
import { closing } from "../wire/control.ts";
import { formatCursor } from "../wire/cursor.ts";
import type { Dialect } from "../wire/dialect/dialect.ts";
import type { ChannelMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import { spreadRetry } from "../wire/retry.ts";
import { connectedOf, type LogGap, type Start, type Subscription } from "../wire/subscription.ts";
import type { Chunk } from "./chunk.ts";
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
	more: (() => void) | undefined;
}

/** An event stream's response that this object holds. */
export class ResponseOutlet implements Outlet {
	readonly isMetered = true;
	readonly #channel: string;
	readonly #dialect: Dialect;
	readonly #maxBacklogBytes: number;
	readonly #retryMilliseconds: number;
	readonly #body: StreamBody;
	#writtenAt: number;
	/** Whether the client's cursor is behind events that were filtered out. */
	#hasWithheld = false;
	/** When the client last gave a sign of life, in Unix milliseconds; absent if it gives none. */
	#heardAt: number | undefined;

	constructor({ channel, dialect, maxBacklogBytes, retryMilliseconds, now, left, more }: ResponseOutletOptions) {
		this.#channel = channel;
		this.#dialect = dialect;
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

	open({ cursor, resumed, gap, position }: Start, subscription: Subscription, now: number): void {
		const retry = spreadRetry(this.#retryMilliseconds, Math.random());
		const connected = connectedOf(subscription, resumed);
		const opening = this.#dialect.control("connected", connected, formatCursor(cursor), retry);
		this.#write(gap ? opening + this.#gapText(gap, position) : opening, now);
	}

	deliver(chunk: Chunk | undefined, position: Offset, now: number): void {
		this.#hasWithheld = chunk?.last !== position;
		if (chunk) this.#write(chunk.text, now);
	}

	/** Every message with a cursor moves the client past events that were filtered out. */
	tell(message: ChannelMessage, position: Offset, now: number): void {
		const text = this.#textOf(message, position, now);
		if (text === undefined) return;
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

	isLost(milliseconds: number, now: number): boolean {
		return this.#heardAt !== undefined && now - this.#heardAt >= milliseconds;
	}

	#textOf(message: ChannelMessage, position: Offset, now: number): string | undefined {
		const cursor = formatCursor(position);
		switch (message.type) {
			case "gap":
				return this.#gapText(message.gap, message.position);
			case "presence": {
				const { user, state } = message;
				return this.#dialect.control("presence", { channel: this.#channel, user, state }, cursor);
			}
			case "expiring":
				return this.#dialect.control("expiring", { expires: message.expiresAt / 1000 }, cursor);
			case "closing":
				return this.#dialect.closing(closing(message.reason), cursor);
			case "heartbeat":
				return this.#dialect.heartbeat(this.#hasWithheld ? cursor : undefined);
			case "alive":
				this.#heardAt = now;
				return undefined;
			case "renewed":
				return undefined;
		}
	}

	/** The `id` of a gap is the position at which the stream continues. */
	#gapText(gap: LogGap, position: Offset): string {
		return this.#dialect.control("gap", { channel: this.#channel, ...gap }, formatCursor(position));
	}

	#write(chunk: Uint8Array | string, now: number): void {
		this.#body.write(chunk);
		this.#writtenAt = now;
	}
}
