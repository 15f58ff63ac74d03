import { StreamBody } from "../stream-body.ts";
import type { DisconnectReason } from "../wire/subscription.ts";
import type { Client } from "./client-connection.ts";

interface EventStreamOptions {
	maxBacklogBytes: number;
	/** How long an ended stream drains. */
	drainMilliseconds: number;
	/** The client disconnected. */
	left(): void;
}

/** A client that reads server-sent events. */
export class EventStream implements Client {
	readonly #body: StreamBody;
	readonly #drainMilliseconds: number;

	constructor({ maxBacklogBytes, drainMilliseconds, left }: EventStreamOptions) {
		this.#drainMilliseconds = drainMilliseconds;
		this.#body = new StreamBody(maxBacklogBytes, { left });
	}

	get unsentBytes(): number {
		return this.#body.unsentBytes;
	}

	write(texts: readonly string[]): void {
		this.#body.write(texts.join(""));
	}

	pass(bytes: Uint8Array): void {
		this.#body.write(bytes);
	}

	close(_reason: DisconnectReason, text?: string): void {
		const mustDrain = this.unsentBytes > 0;
		if (text) this.#body.write(text);
		this.#body.close();
		if (mustDrain) setTimeout(() => this.#body.drop(), this.#drainMilliseconds);
	}

	toResponse(): Response {
		return this.#body.toResponse();
	}
}
