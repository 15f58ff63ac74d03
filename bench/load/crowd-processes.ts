import { setTimeout as wait } from "node:timers/promises";
import type { Endpoint } from "./endpoint.ts";
import { Histogram } from "./histogram.ts";
import { LoadProcess } from "./load-process.ts";

/** As many as one loopback address has ports for, with those that were closed a moment ago. */
const STREAMS_OF_ADDRESS = 20_000;
/** How many streams one command opens: more might take longer than a command may. */
const STEP = 5000;
/** An event a second. */
export const INTERVAL_MILLISECONDS = 1000;

/** What happens while events are read. */
export interface Meanwhile {
	/** The share of the streams that reconnects. */
	reconnecting?: number;
	run?: () => Promise<void>;
}

/** A process of the server. */
export interface Room {
	endpoint: Endpoint;
	/** How many streams are opened there. */
	streams: number;
}

/**
 * Subscribers of one channel, those of each process of the server in a process of their own, and a publisher in another.
 * All share a clock.
 */
export class CrowdProcesses implements Disposable {
	readonly #publisher: LoadProcess;
	readonly #rooms: readonly Room[];
	readonly #readers: LoadProcess[] = [];
	#size = 0;
	#published = 0;

	private constructor(publisher: LoadProcess, rooms: readonly Room[]) {
		this.#publisher = publisher;
		this.#rooms = rooms;
	}

	/**
	 * @param publisher the process that publishes.
	 * @param rooms where streams are opened, and in the first of which events are published. One is filled after the other.
	 */
	static async create(publisher: LoadProcess, rooms: readonly Room[]): Promise<CrowdProcesses> {
		const endpoints = rooms.slice(0, 1).map(({ endpoint }) => endpoint);
		await publisher.do("open", { endpoints, subscribers: 0, publishers: 1 });
		return new CrowdProcesses(publisher, rooms);
	}

	get size(): number {
		return this.#size;
	}

	/**
	 * Opens streams until there are so many, and returns how long that took in milliseconds.
	 *
	 * @param lanes how many are opened at a time.
	 */
	async grow(size: number, lanes?: number): Promise<number> {
		let milliseconds = 0;
		for (const [index, streams] of this.#split(size).entries()) {
			if (streams === 0) continue;
			const reader = await this.#reader(index);
			for (let open = this.#split(this.#size)[index] ?? 0; open < streams; ) {
				const subscribers = Math.min(streams - open, STEP);
				const from = addresses(index, streams);
				milliseconds += await reader.do("grow", {
					subscribers,
					published: this.#published,
					from,
					lanes,
					isPatient: true,
				});
				open += subscribers;
			}
		}
		this.#size = size;
		return milliseconds;
	}

	/** Drops the streams that were opened last until so many are left. */
	async shrink(size: number): Promise<void> {
		const split = this.#split(size);
		await Promise.all(this.#readers.map((reader, index) => reader.do("shrink", { subscribers: split[index] ?? 0 })));
		this.#size = size;
	}

	/** Publishes one event at a time, and measures when its first subscriber has read it, and when its last. */
	async lone(events: number) {
		const first = new Histogram();
		const last = new Histogram();
		for (let event = 0; event < events; event += 1) {
			const read = this.#read(1);
			await this.#publisher.do("burst", { events: 1 });
			const latencies = await read;
			if (latencies.cutOff > 0) throw new Error(`The server ended ${latencies.cutOff} streams.`);
			first.add(latencies.first);
			last.add(latencies.last);
		}
		this.#published += events;
		return {
			firstP50: first.percentile(0.5),
			firstP99: first.percentile(0.99),
			lastP50: last.percentile(0.5),
			lastP99: last.percentile(0.99),
		};
	}

	/**
	 * Publishes an event a second while streams come and go. Returns how many streams were cut off, once everybody has read
	 * every event.
	 */
	async flow(events: number, { reconnecting = 0, run = async () => {} }: Meanwhile): Promise<number> {
		const read = this.#read(events, reconnecting);
		const publish = async () => {
			const startedAt = performance.now();
			for (let event = 0; event < events; event += 1) {
				await wait(Math.max(0, startedAt + event * INTERVAL_MILLISECONDS - performance.now()));
				await this.#publisher.do("burst", { events: 1 });
			}
		};
		const [{ cutOff }] = await Promise.all([read, publish(), run()]);
		this.#published += events;
		return cutOff;
	}

	[Symbol.dispose](): void {
		for (const reader of this.#readers) reader[Symbol.dispose]();
	}

	async #read(events: number, reconnecting = 0) {
		const milliseconds = events * INTERVAL_MILLISECONDS;
		const split = this.#split(this.#size);
		const reading = this.#readers.filter((_, index) => (split[index] ?? 0) > 0);
		const options = { events, reconnecting, milliseconds };
		const read = await Promise.all(reading.map((reader) => reader.do("read", options)));
		return {
			first: Math.min(...read.map(({ first }) => first)),
			last: Math.max(...read.map(({ last }) => last)),
			cutOff: read.reduce((sum, { cutOff }) => sum + cutOff, 0),
		};
	}

	/** How many of so many streams are in each process of the server. */
	#split(size: number): number[] {
		let left = size;
		return this.#rooms.map(({ streams }) => {
			const here = Math.min(left, streams);
			left -= here;
			return here;
		});
	}

	/** The process that subscribes at one of the server's, which is started when it is first asked for. */
	async #reader(index: number): Promise<LoadProcess> {
		const started = this.#readers[index];
		if (started) return started;
		const room = this.#rooms[index];
		if (!room) throw new Error("The server has no room for more streams.");
		const reader = new LoadProcess(this.#publisher.startedAt);
		this.#readers[index] = reader;
		await reader.do("listen", { endpoint: room.endpoint });
		return reader;
	}
}

/** The loopback addresses from which a process opens its streams: each has only so many ports. */
function addresses(process: number, streams: number): string[] {
	return Array.from({ length: Math.ceil(streams / STREAMS_OF_ADDRESS) }, (_, index) => `127.0.${process}.${index + 1}`);
}
