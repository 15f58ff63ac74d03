import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Endpoint } from "../load/endpoint.ts";
import { type Server, started } from "./server.ts";

export class BetterSse implements Server {
	readonly name = "better-sse";
	#child: ChildProcess | undefined;
	#port: number | undefined;

	async start(): Promise<void> {
		const child = fork(join(import.meta.dirname, "better-sse-server.ts"));
		this.#child = child;
		const ended = once(child, "exit").then(() => Promise.reject(new Error("better-sse ended before it listened.")));
		[this.#port] = await Promise.race([once(child, "message"), ended]);
	}

	async stop(): Promise<void> {
		const child = this.#child;
		this.#child = undefined;
		if (child?.kill("SIGKILL")) await once(child, "exit");
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.stop();
	}

	get pids(): number[] {
		return this.#child?.pid === undefined ? [] : [this.#child.pid];
	}

	endpoint(channel: string): Endpoint {
		return {
			port: started(this.#port),
			channel,
			stream: { path: "/", headers: {} },
			publish: { path: "/", headers: {}, form: "lines" },
		};
	}
}
