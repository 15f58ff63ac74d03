import type { Endpoint } from "../load/endpoint.ts";
import { NodeProcess } from "./node-process.ts";
import type { Server } from "./server.ts";

export class BetterSse implements Server {
	readonly name = "better-sse";
	readonly #process = new NodeProcess("better-sse-server.ts");

	async start(): Promise<void> {
		await this.#process.start();
	}

	async stop(): Promise<void> {
		await this.#process.stop();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.stop();
	}

	get pids(): number[] {
		return this.#process.pids;
	}

	endpoint(channel: string): Endpoint {
		return {
			port: this.#process.port,
			channel,
			stream: { path: `/${channel}`, headers: {} },
			publish: { path: `/${channel}`, headers: {}, form: "lines" },
		};
	}
}
