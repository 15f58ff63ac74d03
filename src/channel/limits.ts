import type { Audience } from "../audience/audience.ts";
import { Problem } from "../errors.ts";
import type { ChannelRules } from "../wire/channel-rules.ts";
import type { Subscription } from "../wire/subscription.ts";

/**
 * The number and spacing of probe writes to the streams of a user at the limit. On a dead connection, the first write
 * succeeds and the second fails.
 */
const PROBE_WRITES = 3;
const PROBE_MILLISECONDS = 50;

/** The limits on the open streams of a channel, and of each of its users or addresses. */
export class Limits {
	readonly #channel: string;
	readonly #limits: Pick<ChannelRules, "maxSubscribers" | "maxConnectionsPerUser">;
	readonly #audience: Audience;

	constructor(
		channel: string,
		limits: Pick<ChannelRules, "maxSubscribers" | "maxConnectionsPerUser">,
		audience: Audience,
	) {
		this.#channel = channel;
		this.#limits = limits;
		this.#audience = audience;
	}

	/** Evicts dead streams of a user or an address at the limit. This takes time, because only a write detects them. */
	async makeRoom(subscription: Subscription): Promise<void> {
		if (subscription.rejoins) return;
		for (let write = 0; write < PROBE_WRITES && this.#hasMaxStreams(subscription); write += 1) {
			this.#audience.probe(subscription, Date.now());
			await scheduler.wait(PROBE_MILLISECONDS);
		}
	}

	/** @throws Problem `channel_full` or `too_many_connections`. */
	check(subscription: Subscription): void {
		// A rejoin was admitted before.
		if (subscription.rejoins) return;
		const { maxSubscribers, maxConnectionsPerUser } = this.#limits;
		if (this.#audience.size >= maxSubscribers) {
			throw new Problem(
				"channel_full",
				`The channel ${this.#channel} has ${maxSubscribers} subscribers, as many as it may (MAX_SUBSCRIBERS, CHANNEL_RULES). Try again later.`,
			);
		}
		if (this.#hasMaxStreams(subscription)) {
			const holder = subscription.anonymousFrom === undefined ? "You have" : "Your address has, without credentials,";
			throw new Problem(
				"too_many_connections",
				`${holder} ${maxConnectionsPerUser} streams of the channel ${this.#channel} open, as many as you may (MAX_CONNECTIONS_PER_USER, CHANNEL_RULES). Close one, or share it.`,
			);
		}
	}

	#hasMaxStreams(subscription: Subscription): boolean {
		return this.#audience.countWith(subscription) >= this.#limits.maxConnectionsPerUser;
	}
}
