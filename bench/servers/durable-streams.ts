import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Endpoint } from "../load/endpoint.ts";
import { NodeProcess } from "./node-process.ts";
import type { EndpointOptions, Server } from "./server.ts";

/** The server of Durable Streams in Node, in memory or with its streams on disk. */
class DurableStreams implements Server {
	readonly name: string;
	readonly #isOnDisk: boolean;
	readonly #process = new NodeProcess("durable-streams-server.ts");
	#folder: string | undefined;

	constructor(name: string, isOnDisk: boolean) {
		this.name = name;
		this.#isOnDisk = isOnDisk;
	}

	async start(): Promise<void> {
		if (this.#isOnDisk) this.#folder = await mkdtemp(join(tmpdir(), "tidings-durable-streams-"));
		await this.#process.start(this.#folder ? [this.#folder] : []);
	}

	async stop(): Promise<void> {
		await this.#process.stop();
		if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.stop();
	}

	get pids(): number[] {
		return this.#process.pids;
	}

	endpoint(channel: string, { from }: EndpointOptions = {}): Endpoint {
		const path = `/streams/${channel}`;
		return {
			port: this.#process.port,
			channel,
			create: { path, headers: { "Content-Type": "application/json" } },
			stream: { path: `${path}?live=sse&offset=${from === "start" ? "-1" : "now"}`, headers: {} },
			publish: { path, headers: {}, form: "durable streams" },
		};
	}
}

export function createDurableStreams(): Server[] {
	return [new DurableStreams("durable streams", false), new DurableStreams("durable streams disk", true)];
}
