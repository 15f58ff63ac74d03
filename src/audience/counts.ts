import type { Meter } from "../metrics/meter.ts";
import { countDelivered, countPublish, newTally, type Tally } from "../metrics/tally.ts";
import type { Subscriber } from "./subscriber.ts";

/**
 * Counts what a channel does, since its object started. What it does for streams that the object holds, it also reports
 * to the service's metrics. Sessions report what they do, and the Worker what is published.
 */
export class Counts {
	readonly tally: Tally = newTally();
	readonly #channel: string;
	readonly #meter: Meter | undefined;

	/** @param meter absent where nobody adds up. */
	constructor(channel: string, meter: Meter | undefined) {
		this.#channel = channel;
		this.#meter = meter;
	}

	published(events: number, milliseconds: number): void {
		countPublish(this.tally, events, milliseconds);
	}

	/** @param metered how many of the events were delivered to streams that the object holds. */
	delivered(events: number, metered: number, isReplay: boolean): void {
		if (events > 0) countDelivered(this.tally, events, isReplay);
		if (metered > 0) this.#report((tally) => countDelivered(tally, metered, isReplay));
	}

	/** A slow consumer was cut. */
	cut({ outlet }: Subscriber): void {
		this.tally.cut += 1;
		if (!outlet.isMetered) return;
		this.#report((tally) => {
			tally.cut += 1;
		});
	}

	opened({ outlet }: Subscriber): void {
		if (outlet.isMetered) this.#meter?.opened();
	}

	left({ outlet }: Subscriber): void {
		if (outlet.isMetered) this.#meter?.left();
	}

	/** The streams that are open are still open. */
	renew(): void {
		this.#meter?.renew();
	}

	#report(change: (tally: Tally) => void): void {
		this.#meter?.count(this.#channel, change);
	}
}
