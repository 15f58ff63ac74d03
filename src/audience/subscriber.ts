import type { StoredEvent } from "../wire/event.ts";
import type { CloseReason, Gap, Renewal, Start, Subscription } from "../wire/subscription.ts";
import type { Chunk } from "./chunk.ts";

/** How long a client may leave its full backlog untouched before it is a slow consumer. */
const STALL_MILLISECONDS = 5000;

/** How long before the end of its credentials a client is warned. */
const WARNING_MILLISECONDS = 60_000;

/** What a subscriber is told of somebody who comes or goes. */
export interface Presence {
	user: string;
	state: "online" | "offline";
}

/** One open subscriber of a channel: what it wants, where it stands, and how much it has not taken yet. */
export abstract class Subscriber {
	subscription: Subscription;
	/** When its stream was opened, in unix milliseconds. */
	readonly since: number;
	/** The last event that was sent to this subscriber or withheld from it. */
	position: number;
	#isBehind = false;
	#leastUnsentBytes = 0;
	#progressedAt: number;
	#warned = false;

	constructor(subscription: Subscription, position: number, since: number, now: number) {
		this.subscription = subscription;
		this.position = position;
		this.since = since;
		this.#progressedAt = now;
	}

	get connection(): string {
		return this.subscription.connection;
	}

	/** Whether a relay holds the client's response. */
	abstract readonly isRelayed: boolean;

	/** What was handed over and has not left for the client yet. */
	abstract get unsentBytes(): number;

	/** Says where the stream starts, and what is missing before it. */
	abstract open(start: Start, now: number): void;

	/** Says what is missing, and goes on from a position. */
	abstract skip(gap: Gap, position: number, now: number): void;

	/** Hands over what a channel sends at a position; `undefined`: all of it was withheld from this subscriber. */
	abstract deliver(chunk: Chunk | undefined, position: number, now: number): void;

	/** Tells who has come or gone. */
	abstract tell(presence: Presence, now: number): void;

	/** Has something written to the client, which keeps the connection alive, and finds out when the client has left. */
	abstract beat(now: number): void;

	/** The client has given a sign of life, and is going to give more. */
	abstract heard(now: number): void;

	/** Whether the client has given signs of life, and none for so long. */
	abstract isLost(now: number, milliseconds: number): boolean;

	/** Says why, and ends the stream. */
	abstract close(reason: CloseReason, now: number): void;

	/** Ends the stream without a word: its client has gone. */
	abstract end(): void;

	/** Drops what the client has not read: for one that was closed and does not read on. */
	abstract drop(): void;

	/** Whether the end of the stream waits here for its client to read it. */
	abstract get hasLeftovers(): boolean;

	/** When a subscriber that nothing is sent to has to be written to, in unix milliseconds. */
	protected abstract beatDue(heartbeatMilliseconds: number): number;

	protected abstract expiring(expires: number, now: number): void;

	/** Whether it reads from the log, and takes no live events. */
	get isBehind(): boolean {
		return this.#isBehind;
	}

	setBehind(isBehind: boolean): void {
		this.#isBehind = isBehind;
	}

	/** Whether events may be left out for this subscriber, so that it cannot share every chunk. */
	get isSelective(): boolean {
		return this.subscription.types !== undefined;
	}

	/** Whether the client has left so much that nothing more may be queued for it. */
	get isClogged(): boolean {
		return this.unsentBytes >= this.subscription.maxBacklogBytes;
	}

	/** Whether there is so much room again that reading on is worth it. */
	get hasRoom(): boolean {
		return this.unsentBytes < this.subscription.maxBacklogBytes / 2;
	}

	/** Whether the client has taken nothing of a full backlog for so long that it is a slow consumer. */
	isStalled(now: number): boolean {
		if (this.unsentBytes < this.#leastUnsentBytes) this.#progress(now);
		return now - this.#progressedAt >= STALL_MILLISECONDS;
	}

	/** Takes no more live events: what follows is read from the log when there is room again. */
	fallBehind(now: number): void {
		this.setBehind(true);
		this.#progress(now);
	}

	/** Whether an event is for this subscriber: by its type, and by whom it is addressed to. */
	wants({ type, to }: StoredEvent): boolean {
		const { types, user, claims } = this.subscription;
		if (types && !types.includes(type)) return false;
		if (to?.user !== undefined && to.user !== user) return false;
		return Object.entries(to?.claims ?? {}).every(([name, value]) => holds(claims, name, value));
	}

	/** When this subscriber next needs attention if nothing is sent to it, in unix milliseconds. */
	nextDue(heartbeatMilliseconds: number): number {
		const { endsAt } = this.subscription;
		return Math.min(endsAt, this.#warned ? endsAt : this.#warnsAt, this.beatDue(heartbeatMilliseconds));
	}

	/** Whether nothing was sent for so long that it has to be written to. */
	isSilent(now: number, milliseconds: number): boolean {
		return this.beatDue(milliseconds) <= now;
	}

	/** Tells the client, once, that its credentials end soon. */
	warn(now: number): void {
		if (this.#warned || now < this.#warnsAt) return;
		this.#warned = true;
		this.expiring(this.subscription.expires, now);
	}

	/** Lives on with new credentials. */
	renew(renewal: Renewal): void {
		this.subscription = { ...this.subscription, ...renewal };
		this.#warned = false;
	}

	/** To be called when events were handed over: a subscriber that takes more is not stalled. */
	protected wrote(now: number): void {
		if (this.#isBehind) this.#progress(now);
	}

	#progress(now: number): void {
		this.#progressedAt = now;
		this.#leastUnsentBytes = this.unsentBytes;
	}

	get #warnsAt(): number {
		return this.subscription.expires * 1000 - WARNING_MILLISECONDS;
	}
}

function holds(claims: Record<string, unknown>, name: string, value: unknown): boolean {
	const claim = Object.hasOwn(claims, name) ? claims[name] : undefined;
	return claim === value || (Array.isArray(claim) && claim.includes(value));
}
