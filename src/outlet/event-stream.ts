import type { ControlEvents } from "../wire/control.ts";
import { closingFrame, controlFrame, heartbeatFrame, replaceIds } from "../wire/dialect/frame.ts";
import { spreadRetry } from "../wire/retry.ts";
import { StreamBody } from "./body.ts";
import type { Client } from "./client.ts";

interface EventStreamOptions {
	maxBacklogBytes: number;
	retryMilliseconds: number;
	/** How long a client that has not read the end of its stream may still read it. */
	drainMilliseconds: number;
	left(): void;
}

/** A client that reads server-sent events. */
export class EventStream implements Client {
	readonly #body: StreamBody;
	readonly #retryMilliseconds: number;
	readonly #drainMilliseconds: number;

	constructor({ maxBacklogBytes, retryMilliseconds, drainMilliseconds, left }: EventStreamOptions) {
		this.#retryMilliseconds = retryMilliseconds;
		this.#drainMilliseconds = drainMilliseconds;
		this.#body = new StreamBody(maxBacklogBytes, { left });
	}

	get unsentBytes(): number {
		return this.#body.unsentBytes;
	}

	control<Type extends keyof ControlEvents>(type: Type, data: ControlEvents[Type], cursor: string): void {
		const retry = type === "connected" ? spreadRetry(this.#retryMilliseconds, Math.random()) : undefined;
		this.#body.write(controlFrame(type, data, cursor, retry));
	}

	events(frames: Uint8Array, cursorAt: ((offset: number) => string) | undefined): void {
		this.#body.write(cursorAt ? replaceIds(new TextDecoder().decode(frames), cursorAt) : frames);
	}

	beat(cursor: string | undefined): void {
		this.#body.write(heartbeatFrame(cursor));
	}

	close(closing: ControlEvents["closing"], cursor: string): void {
		const hasLeftovers = this.unsentBytes > 0;
		this.#body.write(closingFrame(closing, cursor));
		this.#finish(hasLeftovers);
	}

	end(): void {
		this.#finish(this.unsentBytes > 0);
	}

	#finish(hasLeftovers: boolean): void {
		this.#body.close();
		if (hasLeftovers) setTimeout(() => this.#body.drop(), this.#drainMilliseconds);
	}

	toResponse(): Response {
		return this.#body.toResponse();
	}
}
