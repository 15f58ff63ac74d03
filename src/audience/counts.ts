import type { Meter } from "../metrics/meter.ts";
import { countDelivered, countPublish, newTally, type Tally } from "../metrics/tally.ts";
import type { Subscriber } from "./subscriber.ts";

/** What counting needs of the channel around it. */
export interface CountingChannel {
	name: string;
	/** Absent where nobody adds up. */
	meter: Meter | undefined;
	/** What the channel had counted when it slept; absent where it starts. */
	carried: Tally | undefined;
	/** Has the tally outlast the channel's sleep. */
	carry(tally: Tally): void;
}

/**
 * Counts what a channel does. What it does for streams that it holds itself, it also reports; the
 * relays report the rest, and the Worker what is published.
 */
export class Counts {
	readonly tally: Tally;
	readonly #channel: CountingChannel;

	constructor(channel: CountingChannel) {
		this.#channel = channel;
		this.tally = channel.carried ?? newTally();
	}

	published(events: number, milliseconds: number): void {
		countPublish(this.tally, events, milliseconds);
		this.#channel.carry(this.tally);
	}

	/** Events were written to streams that the channel holds, and to relays. */
	delivered(held: number, relayed: number, isReplay: boolean): void {
		if (held + relayed === 0) return;
		countDelivered(this.tally, held + relayed, isReplay);
		this.#channel.carry(this.tally);
		if (held > 0) this.#report((tally) => countDelivered(tally, held, isReplay));
	}

	/** A slow consumer was cut. */
	cut({ isRelayed }: Subscriber): void {
		this.tally.cut += 1;
		this.#channel.carry(this.tally);
		if (!isRelayed) {
			this.#report((tally) => {
				tally.cut += 1;
			});
		}
	}

	opened({ isRelayed }: Subscriber): void {
		if (!isRelayed) this.#channel.meter?.opened();
	}

	left({ isRelayed }: Subscriber): void {
		if (!isRelayed) this.#channel.meter?.left();
	}

	/** The streams that are open are still open. */
	renew(): void {
		this.#channel.meter?.renew();
	}

	#report(change: (tally: Tally) => void): void {
		this.#channel.meter?.count(this.#channel.name, change);
	}
}
