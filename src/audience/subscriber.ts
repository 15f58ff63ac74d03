import type { ChannelMessage } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import type { LogGap, Renewal, Subscription } from "../wire/subscription.ts";
import type { Chunk } from "./chunk.ts";
import { isStalled, type Lag, LIVE, nextLag } from "./lag.ts";
import type { Outlet } from "./outlet.ts";

/** How long before the end of its credentials a client is warned. */
const WARNING_MILLISECONDS = 60_000;

/** One open stream of a channel: what it asks for, where it stands, and how far its client lags behind. */
export class Subscriber<Kind extends Outlet = Outlet> {
	readonly outlet: Kind;
	/** When its stream was opened, in Unix milliseconds. */
	readonly since: number;
	#subscription: Subscription;
	#position: Offset;
	#lag: Lag = LIVE;
	#isWarned = false;

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

	/** The last event that was sent to this subscriber or withheld from it. */
	get position(): Offset {
		return this.#position;
	}

	get lag(): Lag {
		return this.#lag;
	}

	/** Whether it reads from the log, and takes no live events. */
	get isBehind(): boolean {
		return this.#lag.state === "behind";
	}

	/** Whether the client has left so much that nothing more may be queued for it. */
	get isClogged(): boolean {
		return this.outlet.unsentBytes >= this.#subscription.maxBacklogBytes;
	}

	/** Whether there is so much room again that reading on is worth it. */
	get hasRoom(): boolean {
		return this.outlet.unsentBytes < this.#subscription.maxBacklogBytes / 2;
	}

	/** Hands over events up to a position; without a chunk, all of them were withheld. */
	deliver(chunk: Chunk | undefined, position: Offset, now: number): void {
		this.#position = position;
		this.outlet.deliver(chunk, position, now);
	}

	/** Hands over a piece of the log. After the last one, the subscriber is live. */
	replay(chunk: Chunk | undefined, position: Offset, isLast: boolean, now: number): void {
		if (position > this.#position) this.deliver(chunk, position, now);
		this.#lag = nextLag(this.#lag, isLast ? { type: "caught_up" } : { type: "sent", ...this.#backlog(now) });
		this.outlet.keep(this);
	}

	/** Takes no more live events: what follows is read from the log when there is room again. */
	fallBehind(now: number): void {
		this.#lag = nextLag(this.#lag, { type: "clogged", ...this.#backlog(now) });
		this.outlet.keep(this);
	}

	/** Whether the client has taken nothing for so long that it is a slow consumer. */
	isStalled(now: number): boolean {
		this.#lag = nextLag(this.#lag, { type: "seen", ...this.#backlog(now) });
		return isStalled(this.#lag, now);
	}

	/** The stream has ended, and its client may read the rest of it for a while. */
	drain(until: number): void {
		this.#lag = nextLag(this.#lag, { type: "ended", until });
	}

	/** Says what is missing, and goes on from a position. */
	skip(gap: LogGap, position: Offset, now: number): void {
		this.#position = position;
		this.tell({ type: "gap", gap, position }, now);
	}

	tell(message: ChannelMessage, now: number): void {
		this.outlet.tell(message, this.#position, now);
	}

	/** Tells the client, once, that its credentials end soon. */
	warn(now: number): void {
		if (this.#isWarned || now < this.#warnsAt) return;
		this.#isWarned = true;
		this.tell({ type: "expiring", expiresAt: this.#subscription.expiresAt }, now);
	}

	/** Goes on with new credentials. */
	renew(renewal: Renewal): void {
		this.#subscription = { ...this.#subscription, ...renewal };
		this.#isWarned = false;
		this.outlet.keep(this);
	}

	/** When this subscriber next needs attention, in Unix milliseconds, if nothing is sent to it. */
	nextDue(heartbeatMilliseconds: number): number {
		const { endsAt } = this.#subscription;
		return Math.min(endsAt, this.#isWarned ? endsAt : this.#warnsAt, this.outlet.beatDue(heartbeatMilliseconds));
	}

	#backlog(now: number): { unsentBytes: number; now: number } {
		return { unsentBytes: this.outlet.unsentBytes, now };
	}

	get #warnsAt(): number {
		return this.#subscription.expiresAt - WARNING_MILLISECONDS;
	}
}
