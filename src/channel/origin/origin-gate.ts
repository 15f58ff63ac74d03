import type { Headcount } from "../../audience/headcount.ts";
import { countedBy, UNNAMED } from "../../audience/members.ts";
import { Problem } from "../../errors.ts";
import type { Log } from "../../log/log.ts";
import type { Starts } from "../../log/starts.ts";
import type { EndReason } from "../../wire/control.ts";
import type { Asking, Destination } from "../../wire/place.ts";
import type { Admission, Wanted } from "../../wire/relay.ts";
import type { CountedBy, Start, Subscription } from "../../wire/subscription.ts";
import type { Admitted, Gate } from "../gate.ts";
import type { Limits } from "../limits.ts";
import { type Revocations, revoked } from "../revocations.ts";
import type { KnownRelay } from "./known-relay.ts";

/**
 * The origin keeps account of the users of so many streams. More would take more memory than an object has: those that come
 * later at relays are counted without their users.
 */
const MAX_NAMED_STREAMS = 200_000;

interface OriginGateOptions {
	channel: string;
	/** Whether clients without credentials may read the channel. */
	allowsAnonymous: boolean;
	log: Log;
	starts: Starts;
	limits: Limits;
	headcount: Headcount;
	revocations: Revocations;
	/** A stream comes, which a relay may have held that has died. */
	returned(stream: CountedBy): void;
	/** Where the next stream is to be opened. */
	placeFor: (asking: Asking, now: number) => Destination;
}

/** Admits the streams of a channel: those that the origin opens, and those that its relays ask for. */
export class OriginGate implements Gate {
	readonly #options: OriginGateOptions;

	constructor(options: OriginGateOptions) {
		this.#options = options;
	}

	/** No relay is made for a client that is refused, or told only of the end. */
	async elsewhere(subscription: Subscription, asking: Asking): Promise<Destination | undefined> {
		const { starts, placeFor } = this.#options;
		const now = Date.now();
		if (this.isRevoked(subscription) || starts.endFor(subscription, now)) return undefined;
		const place = placeFor(asking, now);
		return place.relay === undefined ? undefined : place;
	}

	async admit(subscription: Subscription): Promise<Admitted | EndReason> {
		const ended = this.#endFor(subscription, Date.now());
		if (ended) return ended;
		const { limits, returned } = this.#options;
		returned(countedBy(subscription));
		await limits.makeRoom(subscription);
		return { begin: (now) => this.#begin(subscription, now), release: () => undefined };
	}

	/** Admits a stream that a relay is to open, and counts it. */
	admitTo(relay: KnownRelay, { subscription, isLastTry }: Wanted, now: number): Admission {
		try {
			const reason = this.#endFor(subscription, now);
			if (reason) return { type: "ended", reason };
			const stream = countedBy(subscription);
			this.#options.returned(stream);
			if (!isLastTry && this.#options.limits.probeIfCrowded(subscription)) return { type: "crowded" };
			const start = this.#begin(subscription, now);
			const isNamed = this.#options.headcount.streams < MAX_NAMED_STREAMS;
			relay.add(isNamed ? stream : UNNAMED, subscription.rejoins === true);
			return { type: "admitted", start, head: this.#options.log.head, isNamed };
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			return { type: "refused", code: error.code, detail: error.detail };
		}
	}

	isRevoked({ user, issuedAt }: Pick<Subscription, "user" | "issuedAt">): boolean {
		return this.#options.revocations.covers(user, issuedAt, Date.now());
	}

	/** Whether a stream that was opened under earlier rules may stay open. */
	mayStay({ anonymousFrom }: Subscription): boolean {
		return this.#options.allowsAnonymous || anonymousFrom === undefined;
	}

	/** @throws Problem `invalid_token`, `missing_token`, `channel_full`, `too_many_connections` or `gap`. */
	#begin(subscription: Subscription, now: number): Start {
		const { channel, limits, starts } = this.#options;
		if (this.isRevoked(subscription)) throw revoked(channel);
		if (subscription.rejoins && !this.mayStay(subscription)) throw closedToAnonymous(channel);
		limits.check(subscription);
		return starts.find(subscription, now);
	}

	/** @throws Problem `invalid_token`. The limits of streams do not count for a client that is told only the end. */
	#endFor(subscription: Subscription, now: number): EndReason | undefined {
		const ended = this.#options.starts.endFor(subscription, now);
		if (ended && this.isRevoked(subscription)) throw revoked(this.#options.channel);
		return ended;
	}
}

function closedToAnonymous(channel: string): Problem {
	return new Problem("missing_token", `The channel ${channel} may no longer be read without credentials. Send some.`);
}
