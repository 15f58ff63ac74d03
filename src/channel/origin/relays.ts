import type { Audience } from "../../audience/audience.ts";
import type { Headcount } from "../../audience/headcount.ts";
import type { Logger } from "../../logger.ts";
import type { ChannelMessage } from "../../wire/link.ts";
import { type Place, regionOf } from "../../wire/place.ts";
import type { Member } from "../../wire/relay.ts";
import type { CountedBy } from "../../wire/subscription.ts";
import { inParts } from "./in-parts.ts";
import { KnownRelay } from "./known-relay.ts";
import type { RelayNames } from "./relay-names.ts";

/** More relays would cost the origin too much at each event. Beyond, the emptiest of them takes more streams. */
const MAX_RELAYS = 2000;
/** The share of a relay's size that one placement counts as: a Worker and a full relay send on more than one stream. */
const PLACEMENT_SHARE = 1 / 20;
/** How long a relay that is cut off may take to come back. */
const PATIENCE_MILLISECONDS = 10_000;
/** How long a question about the whole channel waits for relays. */
const SETTLE_MILLISECONDS = 2000;

interface RelaysOptions {
	channel: string;
	names: RelayNames;
	headcount: Headcount;
	audience: Audience;
	/** How many streams one object holds. */
	crowdSize: number;
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
	#watch: number | null = null;
	/** Resolves when a relay has joined, was counted or is forgotten. */
	#changed = Promise.withResolvers<void>();

	constructor(options: RelaysOptions) {
		this.#options = options;
		for (const name of options.names.read()) this.#byName.set(name, new KnownRelay(name, options.headcount, true));
		this.#watchMissing();
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
		if (relay.isReborn(life)) setTimeout(() => this.#forgetDeparted(relay), PATIENCE_MILLISECONDS);
		return relay;
	}

	#of(name: string): KnownRelay {
		const known = this.#byName.get(name);
		if (known) return known;
		const relay = new KnownRelay(name, this.#options.headcount, false);
		this.#options.names.add(name);
		this.#byName.set(name, relay);
		return relay;
	}

	/** Where the next stream is to be opened. */
	placeFor(near: DurableObjectLocationHint | undefined, now: number): Pick<Place, "relay"> {
		const { audience, crowdSize } = this.#options;
		if (audience.size < crowdSize) return {};
		const relay = this.#withRoom(near, now) ?? this.#make(near, now);
		relay.expect(Math.max(1, Math.floor(crowdSize * PLACEMENT_SHARE)), now);
		return { relay: relay.name };
	}

	/** Counts what a relay holds anew, after it has joined. */
	recount(relay: KnownRelay, members: readonly Member[]): void {
		relay.replace(members);
		this.#announce();
	}

	/** Notes that a relay follows, or that it is cut off. */
	attach(relay: KnownRelay, tie: KnownRelay["tie"]): void {
		relay.tie = tie;
		this.#announce();
		this.#watchMissing();
	}

	/** Forgets a relay, with the streams that it held. */
	forget(relay: KnownRelay): void {
		if (this.#byName.get(relay.name) !== relay) return;
		relay.departAll();
		relay.forgetDeparted();
		this.#options.names.delete(relay.name);
		this.#byName.delete(relay.name);
		relay.cut();
		this.#announce();
		this.#options.audience.tellPresence();
		if (this.size === 0) this.#options.emptied();
	}

	/** Sends heartbeats to the streams that count together with one, wherever they are. */
	probe(stream: CountedBy, now: number): void {
		this.#options.audience.probe(stream, now);
		for (const relay of this) if (relay.holds(stream)) relay.tell({ type: "probe", stream }, now);
	}

	tellAll(message: ChannelMessage, now: number): void {
		for (const relay of this) relay.tell(message, now);
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

	#announce(): void {
		this.#changed.resolve();
		this.#changed = Promise.withResolvers();
	}

	/** The fullest one with room, so that others can empty. */
	#withRoom(near: DurableObjectLocationHint | undefined, now: number): KnownRelay | undefined {
		const { crowdSize } = this.#options;
		const nearby = [...this].filter(({ name }) => regionOf(name) === near);
		const free = nearby.filter((relay) => relay.streamsSoon(now) < crowdSize);
		return free.sort((one, other) => other.streamsSoon(now) - one.streamsSoon(now))[0];
	}

	#make(near: DurableObjectLocationHint | undefined, now: number): KnownRelay {
		if (this.size >= MAX_RELAYS) {
			const [emptiest] = [...this].sort((one, other) => one.streamsSoon(now) - other.streamsSoon(now));
			if (emptiest) return emptiest;
		}
		const prefix = near === undefined ? "" : `${near}/`;
		let number = 1;
		while (this.#byName.has(`${prefix}${number}`)) number += 1;
		return this.#of(`${prefix}${number}`);
	}

	/** Looks after relays that do not come back by themselves: they hold no streams any more, or do not answer. */
	#watchMissing(): void {
		if (this.#missing.length === 0) return;
		this.#watch ??= setTimeout(() => void this.#recallMissing(), PATIENCE_MILLISECONDS);
	}

	async #recallMissing(): Promise<void> {
		this.#watch = null;
		await inParts(this.#missing, async (relay) => {
			const isAlive = await this.#recall(relay);
			if (!isAlive && relay.tie === undefined) this.forget(relay);
		});
		this.#watchMissing();
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

	#forgetDeparted(relay: KnownRelay): void {
		relay.forgetDeparted();
		this.#options.audience.tellPresence();
	}
}
