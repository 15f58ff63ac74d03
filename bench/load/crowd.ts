import type { Endpoint } from "./endpoint.ts";
import { Histogram } from "./histogram.ts";
import { Subscriber } from "./subscriber.ts";

/** How many streams are opened at a time. */
const LANES = 64;

/** All subscribers, and what they have read in total. */
export class Crowd {
	readonly #subscribers: Subscriber[];
	/** How many of them read each event. */
	readonly #readersOfEach: number;
	#latencies = new Histogram();
	#delivered = 0;
	#received = 0;
	#awaited = 0;
	#reached = Promise.withResolvers<void>();

	/** @param endpoints they are spread over all of them. */
	constructor(endpoints: Endpoint[], size: number, publishers: number) {
		const readings = {
			delivered: (publishedAt: number, now: number) => this.#count(publishedAt, now),
			received: (bytes: number) => {
				this.#received += bytes;
			},
		};
		const readersOfEach = size / endpoints.length;
		this.#subscribers = endpoints.flatMap((endpoint) => {
			return Array.from({ length: readersOfEach }, () => new Subscriber(endpoint, publishers, readings));
		});
		this.#readersOfEach = readersOfEach;
	}

	/** How many events were read since {@link reset}. */
	get delivered(): number {
		return this.#delivered;
	}

	/** How many bytes were read since {@link reset}. */
	get received(): number {
		return this.#received;
	}

	/** The latencies from publish to delivery since {@link reset}. */
	get latencies(): Histogram {
		return this.#latencies;
	}

	/** Opens the streams, a few at a time. */
	async open(): Promise<void> {
		const waiting = this.#subscribers.values();
		const lane = async () => {
			for (const subscriber of waiting) await subscriber.open();
		};
		await Promise.all(Array.from({ length: LANES }, lane));
	}

	/** Drops every connection. */
	drop(): void {
		for (const subscriber of this.#subscribers) subscriber.drop();
	}

	/** Opens all streams again at once, each at its cursor. */
	async reconnect(): Promise<void> {
		await Promise.all(this.#subscribers.map((subscriber) => subscriber.open()));
	}

	/** Starts counting anew. */
	reset(): void {
		this.#latencies = new Histogram();
		this.#delivered = 0;
		this.#received = 0;
	}

	/** How many deliveries events come to. */
	deliveriesOf(events: number): number {
		return events * this.#readersOfEach;
	}

	/** Resolves when so many events have reached everybody who reads them, since {@link reset}. */
	async haveRead(events: number): Promise<void> {
		this.#awaited = this.deliveriesOf(events);
		this.#reached = Promise.withResolvers<void>();
		if (this.#delivered < this.#awaited) await this.#reached.promise;
	}

	#count(publishedAt: number, now: number): void {
		this.#delivered += 1;
		this.#latencies.add(now - publishedAt / 1000);
		if (this.#delivered === this.#awaited) this.#reached.resolve();
	}
}
