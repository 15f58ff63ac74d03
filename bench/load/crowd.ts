import { setTimeout as wait } from "node:timers/promises";
import type { Endpoint } from "./endpoint.ts";
import { Histogram } from "./histogram.ts";
import { Subscriber } from "./subscriber.ts";

/** How many streams are opened at a time, by default. */
const LANES = 64;
/** How long a stream that reconnects is away. */
const AWAY_MILLISECONDS = 100;

export interface GrowOptions {
	/** How many events each publisher has published already. Default: 0. */
	published?: number;
	/** The loopback addresses to connect from, in turn. Default: as the system chooses. */
	from?: string[];
	/** How many are opened at a time. Default: 64. */
	lanes?: number | undefined;
	/** Whether a stream that is refused is opened again, as clients do. Default: no. */
	isPatient?: boolean;
}

/** All subscribers, and what they have read in total. */
export class Crowd {
	readonly #endpoints: Endpoint[];
	readonly #publishers: number;
	readonly #subscribers: Subscriber[] = [];
	#latencies = new Histogram();
	#delivered = 0;
	#received = 0;
	#awaited = 0;
	#reached = Promise.withResolvers<void>();
	#returns = false;
	#cutOff = 0;

	/** @param endpoints subscribers are spread over all of them. */
	constructor(endpoints: Endpoint[], publishers: number) {
		this.#endpoints = endpoints;
		this.#publishers = publishers;
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

	/** How many streams the server has ended since {@link reset}. */
	get cutOff(): number {
		return this.#cutOff;
	}

	/** Adds subscribers, and opens their streams, a few at a time. */
	async grow(
		size: number,
		{ published = 0, from = [], lanes = LANES, isPatient = false }: GrowOptions = {},
	): Promise<void> {
		const readings = {
			delivered: (publishedAt: number, now: number) => this.#count(publishedAt, now),
			received: (bytes: number) => {
				this.#received += bytes;
			},
			ended: (subscriber: Subscriber) => this.#goOn(subscriber),
		};
		const added = this.#endpoints.flatMap((endpoint) => {
			return Array.from({ length: size / this.#endpoints.length }, (_, index) => {
				const address = from[(this.#subscribers.length + index) % from.length];
				return new Subscriber({ endpoint, publishers: this.#publishers, readings, published, from: address });
			});
		});
		this.#subscribers.push(...added);
		const waiting = added.values();
		const lane = async () => {
			for (const subscriber of waiting) await (isPatient ? subscriber.reopen() : subscriber.open());
		};
		await Promise.all(Array.from({ length: lanes }, lane));
	}

	/** Removes the subscribers that came last. */
	shrink(size: number): void {
		for (const subscriber of this.#subscribers.splice(size)) subscriber.drop();
	}

	/** Drops every connection. */
	drop(): void {
		for (const subscriber of this.#subscribers) subscriber.drop();
	}

	/** Opens all streams again at once, each at its cursor. */
	async reconnect(): Promise<void> {
		await Promise.all(this.#subscribers.map((subscriber) => subscriber.open()));
	}

	/** Drops a share of the streams, spread over some time, and opens each again at its cursor. */
	async reconnectShare(share: number, milliseconds: number): Promise<void> {
		const step = Math.round(1 / share);
		const chosen = this.#subscribers.filter((_, index) => index % step === step - 1);
		const reconnect = async (subscriber: Subscriber, index: number) => {
			await wait((index / chosen.length) * milliseconds);
			subscriber.drop();
			await wait(AWAY_MILLISECONDS);
			await subscriber.reopen();
		};
		await Promise.all(chosen.map(reconnect));
	}

	/** From now on, streams that the server ends are opened again at once, each at its cursor. */
	returnWhenEnded(): void {
		this.#returns = true;
	}

	/** Starts counting anew. */
	reset(): void {
		this.#latencies = new Histogram();
		this.#delivered = 0;
		this.#received = 0;
		this.#cutOff = 0;
	}

	/** How many deliveries events come to. */
	deliveriesOf(events: number): number {
		return (events * this.#subscribers.length) / this.#endpoints.length;
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

	#goOn(subscriber: Subscriber): void {
		if (!this.#returns) throw new Error("The server ended a stream.");
		this.#cutOff += 1;
		void subscriber.reopen();
	}
}
