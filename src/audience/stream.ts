import { StreamBody } from "../outlet/body.ts";
import type { ControlEvents } from "../wire/control.ts";
import { formatCursor } from "../wire/cursor.ts";
import { closingFrame, controlFrame, heartbeatFrame } from "../wire/dialect/frame.ts";
import { spreadRetry } from "../wire/retry.ts";
import type { CloseReason, Gap, Start, Subscription } from "../wire/subscription.ts";
import type { Chunk } from "./chunk.ts";
import { type Presence, Subscriber } from "./subscriber.ts";

interface StreamOptions {
	channel: string;
	subscription: Subscription;
	position: number;
	retryMilliseconds: number;
	now: number;
	/** The client went away by itself. */
	left(stream: Stream): void;
	/** A stream with a long replay has room for more of it. */
	more: ((stream: Stream) => void) | undefined;
}

/** A subscriber whose response the Channel holds itself. */
export class Stream extends Subscriber {
	override readonly isRelayed = false;
	readonly #body: StreamBody;
	readonly #channel: string;
	readonly #retryMilliseconds: number;
	#writtenAt: number;
	#withheld = false;
	/** When the client last gave a sign of life; absent: it gives none. */
	#heardAt: number | undefined;

	constructor({ channel, subscription, position, retryMilliseconds, now, left, more }: StreamOptions) {
		super(subscription, position, now, now);
		this.#channel = channel;
		this.#retryMilliseconds = retryMilliseconds;
		this.#writtenAt = now;
		this.#body = new StreamBody(subscription.maxBacklogBytes, {
			left: () => left(this),
			more: more && (() => more(this)),
		});
	}

	override get unsentBytes(): number {
		return this.#body.unsentBytes;
	}

	override get hasLeftovers(): boolean {
		return this.isClogged;
	}

	override open({ cursor, resumed, gap, position }: Start, now: number): void {
		const { connection, user, channels, expires } = this.subscription;
		const connected = { connection, user, channels, resumed, expires };
		const retry = spreadRetry(this.#retryMilliseconds, Math.random());
		const opening = controlFrame("connected", connected, formatCursor(cursor), retry);
		this.#write(gap ? opening + this.#gapFrame(gap, position) : opening, now);
	}

	override skip(gap: Gap, position: number, now: number): void {
		this.position = position;
		this.#write(this.#gapFrame(gap, position), now);
	}

	override deliver(chunk: Chunk | undefined, position: number, now: number): void {
		this.position = position;
		this.#withheld = chunk?.offset !== position;
		if (!chunk) return;
		this.#write(chunk.frames, now);
		this.wrote(now);
	}

	override tell(presence: Presence, now: number): void {
		this.#control("presence", { channel: this.#channel, ...presence }, now);
	}

	/** Moves the client's cursor past what was withheld. */
	override beat(now: number): void {
		this.#write(heartbeatFrame(this.#withheld ? this.#cursor : undefined), now);
		this.#withheld = false;
	}

	override heard(now: number): void {
		this.#heardAt = now;
	}

	override isLost(now: number, milliseconds: number): boolean {
		return this.#heardAt !== undefined && now - this.#heardAt >= milliseconds;
	}

	override close(reason: CloseReason, now: number): void {
		this.#write(closingFrame({ reason, reconnect: reason !== "revoked" }, this.#cursor), now);
		this.#body.close();
	}

	override end(): void {
		this.#body.close();
	}

	override drop(): void {
		this.#body.drop();
	}

	toResponse(): Response {
		return this.#body.toResponse();
	}

	protected override beatDue(heartbeatMilliseconds: number): number {
		return this.#writtenAt + heartbeatMilliseconds;
	}

	protected override expiring(expires: number, now: number): void {
		this.#control("expiring", { expires }, now);
	}

	get #cursor(): string {
		return formatCursor(this.position);
	}

	/** Every frame tells the cursor, and so moves the client past what was withheld. */
	#control<Type extends keyof ControlEvents>(type: Type, data: ControlEvents[Type], now: number): void {
		this.#write(controlFrame(type, data, this.#cursor), now);
		this.#withheld = false;
	}

	/** A gap carries the cursor that the stream goes on from: it need not be told again. */
	#gapFrame(gap: Gap, position: number): string {
		return controlFrame("gap", { channel: this.#channel, ...gap }, formatCursor(position));
	}

	#write(chunk: Uint8Array | string, now: number): void {
		this.#body.write(chunk);
		this.#writtenAt = now;
	}
}
