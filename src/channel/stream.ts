import { newConnection } from "../connection.ts";
import { formatCursor } from "../sse/cursor.ts";
import type { StoredEvent } from "../sse/event.ts";
import { type ControlEvents, controlFrame, heartbeatFrame } from "../sse/frame.ts";
import type { StartRequest } from "./resume.ts";

/** What a verified subscriber asks of a channel. It crosses from the Worker to the Channel as JSON. */
export interface Subscription extends StartRequest {
	user: string;
	claims: Record<string, unknown>;
	/** Only events of these types; absent: all. */
	types?: string[];
	/** Whether every event's data is its envelope. */
	envelope: boolean;
	/** When the credentials end, in unix seconds: what the client is told. */
	expires: number;
	/** When the stream is ended, in unix milliseconds. */
	endsAt: number;
	/** When the credentials were issued, in unix seconds. */
	issuedAt: number;
}

/** What new credentials of the same user change about an open stream. */
export type Renewal = Pick<Subscription, "user" | "claims" | "expires" | "endsAt" | "issuedAt">;

/** Why the service ended a stream. */
export type CloseReason = ControlEvents["closing"]["reason"];

/** Why a stream ended. */
export type DisconnectReason = "client_left" | CloseReason;

/** How long a client may leave its full backlog untouched before it is a slow consumer. */
const STALL_MILLISECONDS = 5000;

/** How long before the end of its credentials a client is warned. */
const WARNING_MILLISECONDS = 60_000;

const encoder = new TextEncoder();

interface Handlers {
	/** The client went away by itself. */
	left(stream: Stream): void;
	/** A stream that is behind has room for more. */
	more?(stream: Stream): void;
}

/** One open subscriber: the writer of its response, where it stands in the channel, and when it was last heard. */
export class Stream {
	readonly connection: string;
	subscription: Subscription;
	readonly since: number;
	readonly body: ReadableStream<Uint8Array>;
	/** Whether events are left out for this stream, so that it cannot share every chunk. */
	readonly isSelective: boolean;
	/** The last event that was sent to this stream or withheld from it. */
	position: number;
	/** Whether it reads from the log, and takes no live events. */
	isBehind = false;
	readonly #maxBacklogBytes: number;
	readonly #controller: ReadableStreamDefaultController<Uint8Array>;
	#writtenAt: number;
	#leastUnsentBytes = 0;
	#progressedAt: number;
	#withheld = false;
	#warned = false;

	constructor(
		channel: string,
		subscription: Subscription,
		position: number,
		maxBacklogBytes: number,
		now: number,
		handlers: Handlers,
	) {
		this.connection = newConnection(channel);
		this.subscription = subscription;
		this.position = position;
		this.#maxBacklogBytes = maxBacklogBytes;
		this.since = now;
		this.#writtenAt = now;
		this.#progressedAt = now;
		this.isSelective = subscription.types !== undefined;
		let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
		this.body = new ReadableStream<Uint8Array>(
			{
				start: (ready) => {
					controller = ready;
				},
				// A live stream is pushed to; being asked for more would only cost.
				...(handlers.more && { pull: () => handlers.more?.(this) }),
				cancel: () => handlers.left(this),
			},
			new ByteLengthQueuingStrategy({ highWaterMark: maxBacklogBytes }),
		);
		this.#controller = controller as unknown as ReadableStreamDefaultController<Uint8Array>;
	}

	/** Whether the client has left so much unread that nothing more may be queued for it. */
	get isClogged(): boolean {
		return (this.#controller.desiredSize ?? 0) <= 0;
	}

	/** What is queued and was not handed to the network yet. */
	get unsentBytes(): number {
		return this.#maxBacklogBytes - (this.#controller.desiredSize ?? 0);
	}

	/** Whether there is so much room again that reading on is worth it. */
	get hasRoom(): boolean {
		return this.unsentBytes < this.#maxBacklogBytes / 2;
	}

	/** Whether the client has taken nothing of a full backlog for so long that it is a slow consumer. */
	isStalled(now: number): boolean {
		if (this.unsentBytes < this.#leastUnsentBytes) this.#progress(now);
		return now - this.#progressedAt >= STALL_MILLISECONDS;
	}

	/** Takes no more live events: what follows is read from the log when there is room again. */
	fallBehind(now: number): void {
		this.isBehind = true;
		this.#progress(now);
	}

	/** Whether an event is for this subscriber: by its type, and by whom it is addressed to. */
	wants({ type, to }: StoredEvent): boolean {
		const { types, user, claims } = this.subscription;
		if (types && !types.includes(type)) return false;
		if (to?.user !== undefined && to.user !== user) return false;
		return Object.entries(to?.claims ?? {}).every(([name, value]) => holds(claims, name, value));
	}

	/** Hands over what a channel sends at a position; `undefined`: all of it was withheld from this stream. */
	deliver(chunk: Uint8Array | undefined, position: number, now: number): void {
		this.position = position;
		if (chunk) this.#write(chunk, now);
		else this.#withheld = true;
	}

	/** Sends text that is no event of the channel. */
	send(text: string, now: number): void {
		this.#write(encoder.encode(text), now);
	}

	/** Keeps the connection alive; moves the client's cursor past what was withheld. */
	beat(now: number): void {
		this.send(heartbeatFrame(this.#withheld ? formatCursor(this.position) : undefined), now);
	}

	/** When this stream next needs attention if nothing is written to it, in unix milliseconds. */
	nextDue(heartbeatMilliseconds: number): number {
		const { endsAt } = this.subscription;
		const warning = this.#warned ? endsAt : this.#warnsAt;
		return Math.min(endsAt, warning, this.#writtenAt + heartbeatMilliseconds);
	}

	/** Whether nothing was written for so long. */
	isSilent(now: number, milliseconds: number): boolean {
		return now - this.#writtenAt >= milliseconds;
	}

	/** Tells the client, once, that its credentials end soon. */
	warn(now: number): void {
		if (this.#warned || now < this.#warnsAt) return;
		this.#warned = true;
		this.send(controlFrame("expiring", { expires: this.subscription.expires }), now);
	}

	/** Lives on with new credentials. */
	renew(renewal: Renewal): void {
		this.subscription = { ...this.subscription, ...renewal };
		this.#warned = false;
	}

	/** Drops what the client has not read: for one that was closed and does not read on. */
	drop(): void {
		this.#controller.error(new Error("The client left the end of its stream unread."));
	}

	/** Says why, and ends the response. */
	close(reason: CloseReason, now: number): void {
		this.send(controlFrame("closing", { reason, reconnect: reason !== "revoked" }), now);
		this.#controller.close();
	}

	#progress(now: number): void {
		this.#progressedAt = now;
		this.#leastUnsentBytes = this.unsentBytes;
	}

	get #warnsAt(): number {
		return this.subscription.expires * 1000 - WARNING_MILLISECONDS;
	}

	#write(chunk: Uint8Array, now: number): void {
		this.#controller.enqueue(chunk);
		this.#writtenAt = now;
		this.#withheld = false;
		if (this.isBehind) this.#progress(now);
	}
}

function holds(claims: Record<string, unknown>, name: string, value: unknown): boolean {
	const claim = Object.hasOwn(claims, name) ? claims[name] : undefined;
	return claim === value || (Array.isArray(claim) && claim.includes(value));
}
