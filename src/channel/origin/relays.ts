import type { Audience } from "../../audience/audience.ts";
import type { Headcount } from "../../audience/headcount.ts";
import type { Logger } from "../../logger.ts";
import type { Member } from "../../wire/relay.ts";
import type { CountedBy } from "../../wire/subscription.ts";
import { inParts } from "./in-parts.ts";
import { KnownRelay } from "./known-relay.ts";
import type { RelayNames } from "./relay-names.ts";

/** How long the clients of a relay that has died may take to come back, and those of a new one to come. */
const PATIENCE_MILLISECONDS = 10_000;
/** How soon a relay that is cut off is asked whether it still holds its streams. Before, it joins again by itself. */
const RECALL_MILLISECONDS = 250;
/** How long a question about the whole channel waits for relays. */
const SETTLE_MILLISECONDS = 2000;

interface RelaysOptions {
	channel: string;
	names: RelayNames;
	headcount: Headcount;
	audience: Audience;
	/** Has a relay that is cut off join again. Returns whether it holds streams. */
	recall(relay: string): Promise<boolean>;
	logger: Logger;
	/** Called when the last relay is forgotten. */
	emptied(): void;
}

/** The relays of a channel, as its origin knows them. */
export class Relays {
	readonly #options: RelaysOptions;
	readonly #byName = new Map<string, KnownRelay>();
	/** Those that are being asked whether they hold streams. */
	readonly #asked = new Set<KnownRelay>();
	/** Those that may have died: their clients may be on their way back. */
	readonly #bereft = new Set<KnownRelay>();
	#watch: { timer: number; due: number } | undefined;
	/** Resolves when a relay has joined, was counted or is forgotten. */
	#changed = Promise.withResolvers<void>();

	constructor(options: RelaysOptions) {
		this.#options = options;
		for (const name of options.names.read()) this.#byName.set(name, new KnownRelay(name, options.headcount, true));
		this.#watchMissing(RECALL_MILLISECONDS);
	}

	get size(): number {
		return this.#byName.size;
	}

	[Symbol.iterator](): MapIterator<KnownRelay> {
		return this.#byName.values();
	}

	/** The relay whose object has called. One that was forgotten becomes known again. */
	calling(name: string, life: string): KnownRelay {
		const relay = this.#of(name);
		if (relay.isReborn(life)) this.#depart(relay);
		return relay;
	}

	/** A stream comes. If a relay held it that has died, or is cut off just now, it is counted once. */
	return(stream: CountedBy): void {
		for (const relay of this.#bereft) {
			if (!relay.isBereft) this.#bereft.delete(relay);
			else if (relay.return(stream)) return;
		}
	}

	/** A new relay, in a region if one is given. */
	make(region: string | undefined): KnownRelay {
		const prefix = region === undefined ? "" : `${region}/`;
		let number = 1;
		while (this.#byName.has(`${prefix}${number}`)) number += 1;
		return this.#of(`${prefix}${number}`);
	}

	#of(name: string): KnownRelay {
		const known = this.#byName.get(name);
		if (known) return known;
		const relay = new KnownRelay(name, this.#options.headcount, false);
		this.#options.names.add(name);
		this.#byName.set(name, relay);
		this.#watchMissing(PATIENCE_MILLISECONDS);
		return relay;
	}

	/** Counts what a relay holds anew, after it has joined. */
	recount(relay: KnownRelay, members: readonly Member[]): void {
		relay.replace(members);
		this.announce();
	}

	/** Wakes those who wait for the relays to be settled. */
	announce(): void {
		this.#changed.resolve();
		this.#changed = Promise.withResolvers();
	}

	/** Notes that a relay follows, or that it is cut off. */
	attach(relay: KnownRelay, tie: KnownRelay["tie"]): void {
		relay.tie = tie;
		this.announce();
		if (tie !== undefined) return;
		this.#bereft.add(relay);
		this.#watchMissing(RECALL_MILLISECONDS);
	}

	/** Forgets a relay, with the streams that it held. */
	forget(relay: KnownRelay): void {
		if (this.#byName.get(relay.name) !== relay) return;
		relay.departAll();
		relay.forgetDeparted();
		this.#options.names.delete(relay.name);
		this.#byName.delete(relay.name);
		this.#bereft.delete(relay);
		relay.cut();
		this.announce();
		this.#options.audience.tellPresence();
		if (this.size === 0) this.#options.emptied();
	}

	/**
	 * Finds out which of the streams that count together with one are dead, wherever they are. Heartbeats show it. Those of a
	 * relay that has died are, and a relay that is cut off may have died.
	 */
	probe(stream: CountedBy, now: number): void {
		this.#options.audience.probe(stream, now);
		for (const relay of this) {
			relay.forgetDeparted(stream);
			if (!relay.holds(stream)) continue;
			if (relay.tie) relay.tell({ type: "probe", stream }, now);
			else void this.#findOut(relay);
		}
	}

	/**
	 * Resolves when the streams of all relays are counted, and those that hold some follow.
	 *
	 * @throws Error if one of them takes long to come back.
	 */
	async settled(): Promise<void> {
		const isSettled = () => [...this].every((relay) => relay.isSettled);
		if (isSettled()) return;
		const deadline = scheduler.wait(SETTLE_MILLISECONDS).then(() => {
			throw new Error(`A relay of the channel ${this.#options.channel} is not back yet.`);
		});
		// Nobody may wait for it any more.
		deadline.catch(() => undefined);
		while (!isSettled()) await Promise.race([this.#changed.promise, deadline]);
	}

	get #missing(): KnownRelay[] {
		return [...this].filter(({ tie }) => tie === undefined);
	}

	/** Looks after relays that do not come back by themselves: they have died, or nobody has come to them. */
	#watchMissing(delay: number): void {
		const due = Date.now() + delay;
		if (this.#missing.length === 0 || (this.#watch && this.#watch.due <= due)) return;
		if (this.#watch) clearTimeout(this.#watch.timer);
		this.#watch = { timer: setTimeout(() => void this.#recallMissing(delay), delay), due };
	}

	/** New ones are called only when their clients have had the time to come. */
	async #recallMissing(delay: number): Promise<void> {
		this.#watch = undefined;
		const isDue = (relay: KnownRelay) => delay === PATIENCE_MILLISECONDS || !relay.isSettled;
		await inParts(this.#missing.filter(isDue), async (relay) => {
			const isAlive = await this.#recall(relay);
			if (isAlive || relay.tie !== undefined) return;
			if (relay.streams > 0) this.#depart(relay);
			else this.forget(relay);
		});
		this.#watchMissing(PATIENCE_MILLISECONDS);
	}

	/** Has a relay depart that is cut off and holds no streams any more. */
	async #findOut(relay: KnownRelay): Promise<void> {
		if (this.#asked.has(relay)) return;
		this.#asked.add(relay);
		const isAlive = await this.#recall(relay);
		this.#asked.delete(relay);
		if (!isAlive && relay.tie === undefined) this.#depart(relay);
	}

	async #recall({ name }: KnownRelay): Promise<boolean> {
		try {
			return await this.#options.recall(name);
		} catch (error) {
			this.#options.logger.failure("A relay does not answer. It is forgotten until it comes back.", error, {
				relay: name,
			});
			return false;
		}
	}

	/** Its streams are gone. They count for a while: their clients may be on their way back. */
	#depart(relay: KnownRelay): void {
		relay.departAll();
		this.#bereft.add(relay);
		setTimeout(() => this.#forgetDeparted(relay), PATIENCE_MILLISECONDS);
		this.announce();
	}

	#forgetDeparted(relay: KnownRelay): void {
		relay.forgetDeparted();
		this.#options.audience.tellPresence();
	}
}
