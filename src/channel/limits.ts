import type { Headcount } from "../audience/headcount.ts";
import { Problem } from "../errors.ts";
import type { ChannelRules } from "../wire/channel-rules.ts";
import type { CountedBy, Subscription } from "../wire/subscription.ts";

/**
 * The number and spacing of probe writes to the streams of a user at the limit. On a dead connection, the first write
 * succeeds and the second fails.
 */
export const PROBE_WRITES = 3;
export const PROBE_MILLISECONDS = 50;

interface LimitsOptions {
	channel: string;
	limits: Pick<ChannelRules, "maxSubscribers" | "maxConnectionsPerUser">;
	/** Counts the streams of the whole channel. */
	headcount: Headcount;
	/** Sends heartbeats to the streams that count together with one. */
	probe(stream: CountedBy): void;
}

/** The limits on the open streams of a channel, and of each of its users or addresses. */
export class Limits {
	readonly #options: LimitsOptions;

	constructor(options: LimitsOptions) {
		this.#options = options;
	}

	/** Evicts dead streams of a user or an address at the limit. This takes time, because only a write detects them. */
	async makeRoom(subscription: Subscription): Promise<void> {
		for (let write = 0; write < PROBE_WRITES && this.probeIfCrowded(subscription); write += 1) {
			await scheduler.wait(PROBE_MILLISECONDS);
		}
	}

	/** Probes the streams of a user or an address at the limit. @returns whether it is there. */
	probeIfCrowded(subscription: Subscription): boolean {
		const isCrowded = subscription.rejoins !== true && this.#hasMaxStreams(subscription);
		if (isCrowded) this.#options.probe(subscription);
		return isCrowded;
	}

	/** @throws Problem `channel_full` or `too_many_connections`. */
	check(subscription: Subscription): void {
		// A rejoin was admitted before.
		if (subscription.rejoins) return;
		const { channel, headcount, limits } = this.#options;
		const { maxSubscribers } = limits;
		if (headcount.streams >= maxSubscribers) {
			throw new Problem(
				"channel_full",
				`The channel ${channel} has ${maxSubscribers} subscribers, as many as it may (MAX_SUBSCRIBERS, CHANNEL_RULES). Try again later.`,
			);
		}
		this.checkUser(subscription);
	}

	/** @throws Problem `too_many_connections`. */
	checkUser(subscription: Subscription): void {
		if (subscription.rejoins || !this.#hasMaxStreams(subscription)) return;
		const { channel, limits } = this.#options;
		const holder = subscription.anonymousFrom === undefined ? "You have" : "Your address has, without credentials,";
		throw new Problem(
			"too_many_connections",
			`${holder} ${limits.maxConnectionsPerUser} streams of the channel ${channel} open, as many as you may (MAX_CONNECTIONS_PER_USER, CHANNEL_RULES). Close one, or share it.`,
		);
	}

	#hasMaxStreams(subscription: Subscription): boolean {
		const { headcount, limits } = this.#options;
		return headcount.countWith(subscription) >= limits.maxConnectionsPerUser;
	}
}
