import type { EndReason } from "../wire/control.ts";
import type { ChannelMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import { type LogGap, type Renewal, renewed, type Subscription } from "../wire/subscription.ts";
import type { Chunk } from "./chunk.ts";
import { isStalled, type Lag, LIVE, nextLag } from "./lag.ts";
import type { Outlet } from "./outlet.ts";

/** How long before its credentials expire a client is warned. */
const WARNING_MILLISECONDS = 60_000;

/** One open stream of a channel: its subscription, position and lag. */
export class Subscriber<Kind extends Outlet = Outlet> {
	readonly outlet: Kind;
	/** When its stream was opened, in Unix milliseconds. */
	readonly since: number;
	#subscription: Subscription;
	#position: Offset;
	#lag: Lag = LIVE;
	#isWarned = false;
	#isToldEnd = false;

	constructor(subscription: Subscription, position: Offset, since: number, outlet: Kind) {
		this.#subscription = subscription;
		this.#position = position;
		this.since = since;
		this.outlet = outlet;
	}

	get subscription(): Subscription {
		return this.#subscription;
	}

	get connection(): string {
		return this.#subscription.connection;
	}

	/** The last event that was sent or filtered out. */
	get position(): Offset {
		return this.#position;
	}

	get lag(): Lag {
		return this.#lag;
	}

	/** Whether it is catching up from the log and gets no live events. */
	get isBehind(): boolean {
		return this.#lag.state === "behind";
	}

	/** Whether it is a relay, which tells its own subscribers. */
	get isRelay(): boolean {
		return this.#subscription.dialect === "whole";
	}

	/** How many streams it tells. */
	get streams(): number {
		return this.outlet.streams;
	}

	/** Whether it stays when the channel ends: it is a relay, or its stream has other channels as well. */
	get outlivesEnd(): boolean {
		return this.isRelay || this.#subscription.channels.length > 1;
	}

	/** Whether it was told that the channel has ended. After hibernation, it is told again. */
	get isToldEnd(): boolean {
		return this.#isToldEnd;
	}

	/** Whether its backlog is full, so that nothing more may be queued. */
	get isBacklogFull(): boolean {
		return this.outlet.unsentBytes >= this.#subscription.maxBacklogBytes;
	}

	/** Whether more than half of its backlog is free. */
	get hasRoom(): boolean {
		return this.outlet.unsentBytes < this.#subscription.maxBacklogBytes / 2;
	}

	/** Sends events up to a position. Without a chunk, all of them were filtered out. */
	deliver(chunk: Chunk | undefined, position: Offset, now: number): void {
		this.outlet.deliver(chunk, position, now);
		this.#position = position;
	}

	/** Sends a piece of the log. After the last one, the subscriber is live. */
	replay(chunk: Chunk | undefined, position: Offset, isLast: boolean, now: number): void {
		if (position > this.#position) this.deliver(chunk, position, now);
		this.#lag = nextLag(this.#lag, isLast ? { type: "caught_up" } : { type: "sent", ...this.#backlog(now) });
		this.outlet.persist(this);
	}

	/** Stops live delivery. The subscriber catches up from the log later. */
	fallBehind(now: number): void {
		this.#lag = nextLag(this.#lag, { type: "backlog_full", ...this.#backlog(now) });
		this.outlet.persist(this);
	}

	/** Notes that it waits for a part of the log: it is not slow meanwhile. */
	waitForLog(now: number): void {
		this.#lag = nextLag(this.#lag, { type: "sent", ...this.#backlog(now) });
	}

	/** Whether the client is a slow consumer. */
	isStalled(now: number): boolean {
		this.#lag = nextLag(this.#lag, { type: "seen", ...this.#backlog(now) });
		return isStalled(this.#lag, now);
	}

	/** Marks an ended stream as draining until a deadline. */
	drain(until: number): void {
		this.#lag = nextLag(this.#lag, { type: "ended", until });
	}

	/** Sends a gap and moves to a position. */
	skip(gap: LogGap, position: Offset, now: number): void {
		this.#position = position;
		this.tell({ type: "gap", gap, position }, now);
	}

	tell(message: ChannelMessage, now: number): void {
		this.outlet.tell(message, this.#position, now);
	}

	/** Says that the channel has ended, to a subscriber that stays. */
	tellEnd(reason: EndReason, now: number): void {
		this.#isToldEnd = true;
		this.tell({ type: "ended", reason }, now);
	}

	/** Sends `expiring` when it is time, once. Returns whether it did. */
	warn(now: number): boolean {
		if (this.#isWarned || now < this.#warnsAt) return false;
		this.#isWarned = true;
		this.tell({ type: "expiring", expiresAt: this.#subscription.expiresAt }, now);
		return true;
	}

	/** Applies new credentials, unless they end earlier. */
	renew(renewal: Renewal): void {
		const subscription = renewed(this.#subscription, renewal);
		if (subscription === this.#subscription) return;
		this.#subscription = subscription;
		this.#isWarned = false;
		this.outlet.persist(this);
	}

	/** When this subscriber's next heartbeat, warning or end is due, in Unix milliseconds. */
	nextDue(heartbeatMilliseconds: number): number {
		const { endsAt } = this.#subscription;
		return Math.min(
			endsAt,
			this.#isWarned ? endsAt : this.#warnsAt,
			this.outlet.heartbeatDue(heartbeatMilliseconds),
			this.outlet.lostAt(heartbeatMilliseconds),
		);
	}

	#backlog(now: number): { unsentBytes: number; now: number } {
		return { unsentBytes: this.outlet.unsentBytes, now };
	}

	get #warnsAt(): number {
		return this.#subscription.expiresAt - WARNING_MILLISECONDS;
	}
}
