import { setTimeout as wait } from "node:timers/promises";
import { now } from "./clock.ts";
import { Crowd, type GrowOptions } from "./crowd.ts";
import type { Endpoint } from "./endpoint.ts";
import { Histogram } from "./histogram.ts";
import { Publisher } from "./publisher.ts";

/** How long the last events may take to arrive once the publishing has stopped. */
const DRAIN_MILLISECONDS = 10_000;
/** The most events that one publish holds. */
const BATCH = 100;

export interface OpenOptions {
	/** Publishers and subscribers are spread over all of them. */
	endpoints: Endpoint[];
	subscribers: number;
	publishers: number;
	/** How many requests or messages of each publisher may be unanswered. Default: 1. */
	window?: number;
}

export interface FlowOptions {
	/** Events a second, from all publishers together. */
	rate: number;
	/** How many events one request or message holds. */
	batch: number;
	seconds: number;
}

export interface CatchUpOptions {
	/** Its streams start with the oldest event. */
	endpoint: Endpoint;
	events: number;
	readers: number;
}

export interface ReadOptions {
	events: number;
	/** The share of the streams that is dropped and opened again meanwhile. Default: none. */
	reconnecting?: number;
	/** The time over which this is spread. */
	milliseconds?: number;
}

/** The commands of the load generator. Times are in milliseconds. */
export class Load {
	/** Each as often as it may publish at a time. */
	#publishers: Publisher[] = [];
	#crowd: Crowd | undefined;

	/** Creates publishers and opens streams, and returns how long opening them took. */
	async open({ endpoints, subscribers, publishers, window = 1 }: OpenOptions): Promise<number> {
		await Promise.all(endpoints.map(create));
		const connections = Array.from({ length: publishers / endpoints.length }).flatMap(() => endpoints);
		const each = connections.map((endpoint, index) => new Publisher(endpoint, index));
		this.#publishers = Array.from({ length: window }).flatMap(() => each);
		this.#crowd = new Crowd(endpoints, publishers);
		return await this.grow({ subscribers });
	}

	/** Prepares for streams whose events another process publishes. */
	listen({ endpoint }: { endpoint: Endpoint }): void {
		this.#crowd = new Crowd([endpoint], 1);
	}

	/** Opens more streams, and returns how long it took. */
	async grow({ subscribers, ...options }: { subscribers: number } & GrowOptions): Promise<number> {
		const startedAt = now();
		await this.#audience.grow(subscribers, options);
		return now() - startedAt;
	}

	/** Drops the streams that were opened last. */
	shrink({ subscribers }: { subscribers: number }): void {
		this.#audience.shrink(subscribers);
	}

	/** Publishes one event at a time, and measures when its first subscriber has read it, and when its last. */
	async lone({ events }: { events: number }) {
		const first = new Histogram();
		const last = new Histogram();
		for (let event = 0; event < events; event += 1) {
			await this.burst({ events: 1 });
			first.add(this.#audience.latencies.min);
			last.add(this.#audience.latencies.max);
		}
		return {
			deliveries: this.#audience.deliveriesOf(events),
			firstP50: first.percentile(0.5),
			firstP99: first.percentile(0.99),
			lastP50: last.percentile(0.5),
			lastP99: last.percentile(0.99),
		};
	}

	/**
	 * Waits until everybody has read so many events more, of which any may have come already, and returns when the first
	 * and the last of them was read, and how many streams were cut off meanwhile.
	 */
	async read({ events, reconnecting = 0, milliseconds = 0 }: ReadOptions) {
		const crowd = this.#audience;
		crowd.returnWhenEnded();
		const read = crowd.haveRead(events);
		if (reconnecting > 0) await crowd.reconnectShare(reconnecting, milliseconds);
		await read;
		const { cutOff } = crowd;
		const { min: first, max: last } = crowd.latencies;
		crowd.reset();
		return { first, last, cutOff };
	}

	/** Publishes events in one request, and returns how long they took to reach the last subscriber. */
	async burst({ events }: { events: number }): Promise<number> {
		const [publisher] = this.#publishers;
		const publishedAt = now();
		this.#audience.reset();
		const read = this.#audience.haveRead(events);
		await Promise.all([publisher?.publish(events, publishedAt), read]);
		return now() - publishedAt;
	}

	/**
	 * Publishes at a steady rate, however slowly the server answers. An event's latency is measured from when it was due, so
	 * that an event that had to wait for its connection counts as late.
	 */
	async flow({ rate, batch, seconds }: FlowOptions) {
		const crowd = this.#audience;
		const answers = new Histogram();
		const startedAt = now();
		const interval = (batch / rate) * 1000;
		let published = 0;
		crowd.reset();
		const publish = async (publisher: Publisher, index: number) => {
			for (let request = index; ; request += this.#publishers.length) {
				const due = startedAt + request * interval;
				if (Math.max(due, now()) >= startedAt + seconds * 1000) return;
				await wait(Math.max(0, due - now()));
				await publisher.publish(batch, due);
				answers.add(now() - due);
				published += batch;
			}
		};
		await Promise.all(this.#publishers.map(publish));
		await Promise.race([crowd.haveRead(published), wait(DRAIN_MILLISECONDS)]);
		return {
			published,
			deliveries: crowd.delivered,
			bytesPerDelivery: crowd.received / crowd.delivered,
			missing: crowd.deliveriesOf(published) - crowd.delivered,
			p50: crowd.latencies.percentile(0.5),
			p99: crowd.latencies.percentile(0.99),
			max: crowd.latencies.max,
			publisherP99: answers.percentile(0.99),
		};
	}

	/** Publishes as fast as the server lets it, and waits until everybody has read it. */
	async publish({ batch, seconds }: { batch: number; seconds: number }) {
		const crowd = this.#audience;
		crowd.reset();
		const startedAt = now();
		let published = 0;
		const publish = async (publisher: Publisher) => {
			while (now() < startedAt + seconds * 1000) {
				await publisher.publish(batch, now());
				published += batch;
			}
		};
		await Promise.all(this.#publishers.map(publish));
		await crowd.haveRead(published);
		return { published, publishes: (published / (now() - startedAt)) * 1000 };
	}

	/** Publishes events in batches. */
	async fill({ events }: { events: number }): Promise<void> {
		const [publisher] = this.#publishers;
		for (let left = events; left > 0; left -= BATCH) await publisher?.publish(Math.min(left, BATCH), now());
	}

	/** Opens streams that start with the oldest event, and returns how long it took until all had read so many. */
	async catchUp({ endpoint, events, readers }: CatchUpOptions): Promise<number> {
		const crowd = new Crowd([endpoint], 1);
		this.#crowd = crowd;
		const startedAt = now();
		await Promise.all([crowd.grow(readers), crowd.haveRead(events)]);
		return now() - startedAt;
	}

	/** Drops all streams, publishes, reconnects all at once, and returns how long it took until all had caught up. */
	async storm({ events }: { events: number }): Promise<number> {
		const crowd = this.#audience;
		crowd.drop();
		if (events > 0) await this.#publishers[0]?.publish(events, now());
		crowd.reset();
		const startedAt = now();
		await Promise.all([crowd.reconnect(), crowd.haveRead(events)]);
		return now() - startedAt;
	}

	get #audience(): Crowd {
		if (!this.#crowd) throw new Error("Call open() first.");
		return this.#crowd;
	}
}

async function create({ port, create }: Endpoint): Promise<void> {
	if (!create) return;
	const { ok, status } = await fetch(`http://127.0.0.1:${port}${create.path}`, { method: "PUT", ...create });
	if (!ok) throw new Error(`${create.path} was not created: ${status}.`);
}
