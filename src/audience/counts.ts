import type { Meter } from "../metrics/meter.ts";
import { countDelivered, countPublish, newTally, type Tally } from "../metrics/tally.ts";
import type { Subscriber } from "./subscriber.ts";

/**
 * The channel's counters since its object started. Deliveries to responses in the object also go to the service's
 * metrics, and what came over WebSockets of publishers and in live bodies. Sessions report their own deliveries, and the Worker other publishes.
 */
export class Counts {
	readonly tally: Tally = newTally();
	readonly #channel: string;
	readonly #meter: Meter | undefined;

	/** @param meter absent if `METRICS` is not bound. */
	constructor(channel: string, meter: Meter | undefined) {
		this.#channel = channel;
		this.#meter = meter;
	}

	published(events: number, milliseconds: number): void {
		countPublish(this.tally, events, milliseconds);
	}

	/** Counts what came over a publisher's WebSocket or in a live body: no Worker sees those events. */
	publishedUnseen(events: number, milliseconds: number): void {
		this.published(events, milliseconds);
		this.#report((tally) => countPublish(tally, events, milliseconds));
	}

	/** @param metered the number of events that were delivered to responses in the object. */
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

	/** A stream is open that was counted before. */
	restored({ outlet }: Subscriber): void {
		if (outlet.isMetered) this.#meter?.restored();
	}

	left({ outlet }: Subscriber): void {
		if (outlet.isMetered) this.#meter?.left();
	}

	/** Keeps the gauge of open streams from expiring. */
	renew(): void {
		this.#meter?.renew();
	}

	#report(change: (tally: Tally) => void): void {
		this.#meter?.count(this.#channel, change);
	}
}
