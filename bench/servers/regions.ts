import type { Room } from "../load/crowd-processes.ts";
import type { Endpoint } from "../load/endpoint.ts";
import type { Server } from "./server.ts";
import type { WorkerServer } from "./worker.ts";

/**
 * Where the clients of each process are, and how relays near them are named. Nobody knows where those of the first are,
 * which also runs the origins.
 */
export const REGIONS = [
	{ CONTINENT: "", REGION: "" },
	{ CONTINENT: "EU", REGION: "weur" },
	{ CONTINENT: "NA", REGION: "enam" },
	{ CONTINENT: "SA", REGION: "sam" },
	{ CONTINENT: "AS", REGION: "apac" },
	{ CONTINENT: "OC", REGION: "oc" },
	{ CONTINENT: "AF", REGION: "afr" },
];

/** tidings in several processes, each of which has the clients and the relays of a region. */
export class RegionsServer implements Server {
	readonly name: string;
	readonly #processes: WorkerServer[];

	/** @param processes each with the settings of its region, in the order of {@link REGIONS}. */
	constructor(name: string, processes: WorkerServer[]) {
		this.name = name;
		this.#processes = processes;
	}

	async start(): Promise<void> {
		await Promise.all(this.#processes.map((process) => process.start()));
		const urls = this.#processes.map(({ url }, index) => [REGIONS[index]?.REGION, url]);
		const settings = { PROCESSES: JSON.stringify(Object.fromEntries(urls)) };
		await Promise.all(this.#processes.map((process) => process.restart(settings)));
	}

	async stop(): Promise<void> {
		await Promise.all(this.#processes.map((process) => process.stop()));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all(this.#processes.map((process) => process[Symbol.asyncDispose]()));
	}

	/** That of the origins is the first. */
	get pids(): number[] {
		return this.#processes.flatMap(({ pids }) => pids);
	}

	/** That of the first process. */
	endpoint(channel: string): Endpoint {
		return this.#first.endpoint(channel);
	}

	/** Where a channel's streams can be opened, the same number at each process. */
	rooms(channel: string, streams: number): Room[] {
		const ofEach = Math.ceil(streams / this.#processes.length);
		return this.#processes.map((process) => ({ endpoint: process.endpoint(channel), streams: ofEach }));
	}

	async state(channel: string) {
		return await this.#first.state(channel);
	}

	/** Aborts the relay of a channel that the last process made first. */
	async abortRelay(channel: string): Promise<void> {
		const last = this.#processes.length - 1;
		const region = REGIONS[last]?.REGION;
		const name = region ? `${channel}/${region}/1` : `${channel}/1`;
		// The call fails with the object.
		await fetch(`${this.#processes[last]?.url}/objects/${encodeURIComponent(name)}/die`, {
			method: "POST",
			body: "[]",
		});
	}

	get #first(): WorkerServer {
		const [first] = this.#processes;
		if (!first) throw new Error(`${this.name} has no process.`);
		return first;
	}
}
