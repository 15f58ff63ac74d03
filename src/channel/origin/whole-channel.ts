import type { Audience } from "../../audience/audience.ts";
import type { Counts } from "../../audience/counts.ts";
import type { Disk } from "../../log/disk.ts";
import type { Log } from "../../log/log.ts";
import type { Logger } from "../../logger.ts";
import type { Measures } from "../../metrics/metrics-object.ts";
import { addTally } from "../../metrics/tally.ts";
import type { EndedSubscribers } from "../../wire/calls.ts";
import type { ChannelRules } from "../../wire/channel-rules.ts";
import { formatCursor } from "../../wire/cursor.ts";
import type { ListedSubscriber } from "../../wire/listed-subscriber.ts";
import type { ChannelState } from "../../wire/state.ts";
import type { RelayCalls } from "../calls.ts";
import { endMatching } from "../end-matching.ts";
import type { Idle } from "../idle.ts";
import type { Publishers } from "../publishers.ts";
import type { Revocations } from "../revocations.ts";
import { inParts } from "./in-parts.ts";
import type { Relays } from "./relays.ts";

interface WholeChannelOptions {
	channel: string;
	rules: ChannelRules;
	log: Log;
	disk: Disk;
	counts: Counts;
	audience: Audience;
	revocations: Revocations;
	publishers: Publishers;
	idle: Idle;
	relays: Relays;
	/** A relay's object. */
	relay(name: string): RelayCalls;
	logger: Logger;
}

/** What is asked of a channel as a whole: of its origin and its relays. */
export class WholeChannel {
	readonly #options: WholeChannelOptions;

	constructor(options: WholeChannelOptions) {
		this.#options = options;
	}

	/** @throws Error if a relay is not back yet, so that the number of streams is not known. */
	async state(): Promise<ChannelState> {
		const { channel, rules, log, audience, relays } = this.#options;
		await relays.settled();
		const { head, ended } = log;
		const oldest = log.oldest(Date.now());
		return {
			channel,
			head: formatCursor(head),
			oldest: oldest === undefined ? null : formatCursor(oldest),
			buffered: oldest === undefined ? 0 : head - oldest + 1,
			subscribers: audience.streams,
			relays: relays.size,
			ended: ended !== undefined,
			rules,
		};
	}

	/** Lists the open streams, in the order in which they were opened. */
	async subscribers(): Promise<ListedSubscriber[]> {
		const { audience, relays } = this.#options;
		await relays.settled();
		const lists = [audience.list(), ...(await this.#ask((relay) => relay.subscribersHere()))];
		return lists.flat().sort((one, other) => one.since - other.since);
	}

	/** Returns the counters since each object started, except `published`, which covers the whole log. */
	async measures(): Promise<Measures> {
		const { log, counts, audience } = this.#options;
		const tally = structuredClone(counts.tally);
		for (const measures of await this.#ask((relay) => relay.measuresHere())) addTally(tally, measures.tally);
		return { tally: { ...tally, published: log.head - log.start }, streams: audience.streams };
	}

	/**
	 * Ends streams with `revoked`. For a user, it also revokes all credentials that were issued so far, for a day.
	 *
	 * @returns how many streams were ended.
	 */
	async endSubscribers(which: EndedSubscribers): Promise<number> {
		const { disk, audience, revocations, publishers, idle } = this.#options;
		const now = Date.now();
		if ("user" in which) {
			revocations.add(which.user, now);
			// The revocation must be durable before anything ends.
			await disk.sync();
			publishers.endRevoked(now);
		}
		const ended = [await endMatching(audience, which), ...(await this.#tell((relay) => relay.endHere(which, now)))];
		if ("user" in which) await idle.beginUnlessAlarmSet(Date.now());
		return sumOf(ended);
	}

	/**
	 * Ends all streams and deletes all events. Offsets are never reused; revocations are kept.
	 *
	 * @returns how many streams were ended.
	 */
	async wipe(): Promise<number> {
		const { log, disk, audience } = this.#options;
		log.transaction(() => log.wipe(Date.now()));
		await disk.sync();
		const ended = [
			await audience.endWhere(() => true, "shutdown"),
			...(await this.#tell((relay) => relay.wipedHere())),
		];
		return sumOf(ended);
	}

	async #ask<Answer>(call: (relay: RelayCalls) => Promise<Answer>): Promise<Answer[]> {
		return await inParts([...this.#options.relays], async ({ name }) => await call(this.#options.relay(name)));
	}

	/**
	 * Tells all relays. One that does not answer is cut off: when it joins again, it learns what it has missed.
	 *
	 * @returns their answers; 0 for one that did not answer.
	 */
	async #tell(call: (relay: RelayCalls) => Promise<number>): Promise<number[]> {
		const { relays, relay, logger } = this.#options;
		return await inParts([...relays], async (known) => {
			try {
				return await call(relay(known.name));
			} catch (error) {
				logger.failure("A relay does not answer. It learns what it has missed when it joins again.", error);
				known.cut();
				return 0;
			}
		});
	}
}

function sumOf(numbers: readonly number[]): number {
	return numbers.reduce((sum, number) => sum + number, 0);
}
