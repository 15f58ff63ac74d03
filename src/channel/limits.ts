import type { Audience } from "../audience/audience.ts";
import type { Config } from "../config.ts";
import { Problem } from "../errors.ts";
import type { Subscription } from "../wire/subscription.ts";
import type { Revocations } from "./revocations.ts";

/** How often, and how far apart, a user's streams are written to when there seem to be too many: the second write fails. */
const PROBE_WRITES = 3;
const PROBE_MILLISECONDS = 50;

/** Who may come in. */
export class Admission {
	readonly #channel: string;
	readonly #limits: Pick<Config, "MAX_SUBSCRIBERS" | "MAX_CONNECTIONS_PER_USER">;
	readonly #audience: Audience;
	readonly #revocations: Revocations;

	constructor(
		channel: string,
		limits: Pick<Config, "MAX_SUBSCRIBERS" | "MAX_CONNECTIONS_PER_USER">,
		audience: Audience,
		revocations: Revocations,
	) {
		this.#channel = channel;
		this.#limits = limits;
		this.#audience = audience;
		this.#revocations = revocations;
	}

	/** Makes room, where that takes time: a client that has left is only found by writing to it. */
	async prepare(subscription: Subscription): Promise<void> {
		if (subscription.rejoins) return;
		for (let write = 0; write < PROBE_WRITES && this.#hasMaxConnections(subscription); write += 1) {
			this.#audience.beatUser(subscription.user, Date.now());
			await scheduler.wait(PROBE_MILLISECONDS);
		}
	}

	/** @throws Problem `invalid_token`, `channel_full` or `too_many_connections`. */
	check(subscription: Subscription, now: number): void {
		this.#checkRevocation(subscription, now);
		// Who comes back after the object has died was let in before.
		if (!subscription.rejoins) this.#checkLimits(subscription);
	}

	#hasMaxConnections({ user }: Subscription): boolean {
		return this.#audience.connectionsOf(user) >= this.#limits.MAX_CONNECTIONS_PER_USER;
	}

	#checkRevocation({ user, issuedAt }: Subscription, now: number): void {
		if (!this.#revocations.covers(user, issuedAt, now)) return;
		throw new Problem(
			"invalid_token",
			`Your access to the channel ${this.#channel} was ended, and these credentials may be older than that, since clocks may differ by a minute. Get new ones.`,
		);
	}

	#checkLimits(subscription: Subscription): void {
		const { MAX_SUBSCRIBERS, MAX_CONNECTIONS_PER_USER } = this.#limits;
		if (this.#audience.size >= MAX_SUBSCRIBERS) {
			throw new Problem(
				"channel_full",
				`The channel ${this.#channel} has ${MAX_SUBSCRIBERS} subscribers, as many as it may (MAX_SUBSCRIBERS). Try again later.`,
			);
		}
		if (this.#hasMaxConnections(subscription)) {
			throw new Problem(
				"too_many_connections",
				`You have ${MAX_CONNECTIONS_PER_USER} streams of the channel ${this.#channel} open, as many as you may (MAX_CONNECTIONS_PER_USER). Close one, or share it.`,
			);
		}
	}
}
