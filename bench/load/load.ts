import { setTimeout as wait } from "node:timers/promises";
import { Crowd } from "./crowd.ts";
import type { Endpoint } from "./endpoint.ts";
import { Histogram } from "./histogram.ts";
import { Publisher } from "./publisher.ts";

/** How long the last events may take to arrive once nothing is published any more. */
const DRAIN_MILLISECONDS = 10_000;

export interface OpenOptions {
	/** Publishers take these in turn; all subscribers read the first. */
	endpoints: Endpoint[];
	subscribers: number;
	publishers: number;
}

export interface FlowOptions {
	/** Events a second, from all publishers together. */
	rate: number;
	/** How many of them go in one request. */
	batch: number;
	seconds: number;
}

/** What the load generator does, on demand. Times are in milliseconds. */
export class Load {
	#publishers: Publisher[] = [];
	#crowd: Crowd | undefined;

	/** Opens streams, and makes publishers; answers how long the streams took. */
	async open({ endpoints, subscribers, publishers }: OpenOptions): Promise<number> {
		const [first] = endpoints;
		if (!first) throw new Error("There is no endpoint.");
		this.#publishers = Array.from({ length: publishers }, (_, index) => {
			return new Publisher(endpoints[index % endpoints.length] ?? first, index);
		});
		this.#crowd = new Crowd(first, subscribers, publishers);
		const startedAt = performance.now();
		await this.#crowd.open();
		return performance.now() - startedAt;
	}

	/** One event at a time, the next when all have the one before; answers how long each took to the last subscriber. */
	async lone({ events }: { events: number }) {
		const latencies = new Histogram();
		for (let event = 0; event < events; event += 1) latencies.add(await this.burst({ events: 1 }));
		return {
			deliveries: events * this.#audience.size,
			p50: latencies.percentile(0.5),
			p99: latencies.percentile(0.99),
		};
	}

	/** Events in one request; answers how long they took to the last subscriber. */
	async burst({ events }: { events: number }): Promise<number> {
		const [publisher] = this.#publishers;
		const publishedAt = performance.now();
		this.#audience.expect();
		const read = this.#audience.haveAll(events);
		await Promise.all([publisher?.publish(events, publishedAt), read]);
		return performance.now() - publishedAt;
	}

	/**
	 * Publishes at a steady rate, whatever becomes of it. An event's time runs from when it was due, so that one that
	 * had to wait for its connection counts as late.
	 */
	async flow({ rate, batch, seconds }: FlowOptions) {
		const crowd = this.#audience;
		const answers = new Histogram();
		const startedAt = performance.now();
		const interval = (batch / rate) * 1000;
		let published = 0;
		crowd.expect();
		const publish = async (publisher: Publisher, index: number) => {
			for (let request = index; ; request += this.#publishers.length) {
				const due = startedAt + request * interval;
				if (Math.max(due, performance.now()) >= startedAt + seconds * 1000) return;
				await wait(Math.max(0, due - performance.now()));
				await publisher.publish(batch, due);
				answers.add(performance.now() - due);
				published += batch;
			}
		};
		await Promise.all(this.#publishers.map(publish));
		await Promise.race([crowd.haveAll(published), wait(DRAIN_MILLISECONDS)]);
		return {
			published,
			deliveries: crowd.delivered,
			missing: published * crowd.size - crowd.delivered,
			p50: crowd.latencies.percentile(0.5),
			p99: crowd.latencies.percentile(0.99),
			max: crowd.latencies.max,
			publisherP99: answers.percentile(0.99),
		};
	}

	/** Publishes as fast as it is answered; answers how many events a second were. */
	async publish({ batch, seconds }: { batch: number; seconds: number }): Promise<number> {
		const startedAt = performance.now();
		let published = 0;
		const publish = async (publisher: Publisher) => {
			while (performance.now() < startedAt + seconds * 1000) {
				await publisher.publish(batch, performance.now());
				published += batch;
			}
		};
		await Promise.all(this.#publishers.map(publish));
		return (published / (performance.now() - startedAt)) * 1000;
	}

	/** All drop, miss some events, and come back at once; answers how long it took until all had caught up. */
	async storm({ events }: { events: number }): Promise<number> {
		const crowd = this.#audience;
		crowd.drop();
		if (events > 0) await this.#publishers[0]?.publish(events, performance.now());
		crowd.expect();
		const startedAt = performance.now();
		await Promise.all([crowd.comeBack(), crowd.haveAll(events)]);
		return performance.now() - startedAt;
	}

	get #audience(): Crowd {
		if (!this.#crowd) throw new Error("Nothing is open yet.");
		return this.#crowd;
	}
}
