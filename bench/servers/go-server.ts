import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Endpoint } from "../load/endpoint.ts";
import type { GoProgram } from "./go-program.ts";
import { freePort, ListeningProcess } from "./listening-process.ts";
import type { Server } from "./server.ts";

export interface GoServerOptions {
	name: string;
	program: GoProgram;
	/** @param folder an empty one, which is removed when the server is stopped. */
	args?(port: number, folder: string): string[];
	env?(port: number): Record<string, string>;
	endpoint(port: number, channel: string): Endpoint;
}

/** A server in Go. It runs on one core, as all others do: the load generator needs one too. */
export class GoServer implements Server {
	readonly name: string;
	readonly #options: GoServerOptions;
	readonly #process: ListeningProcess;
	#folder: string | undefined;

	constructor(options: GoServerOptions) {
		this.name = options.name;
		this.#options = options;
		this.#process = new ListeningProcess(options.name);
	}

	async start(): Promise<void> {
		const { program, args, env } = this.#options;
		const binary = await program.binary();
		this.#folder = await mkdtemp(join(tmpdir(), "tidings-go-server-"));
		const port = await freePort();
		await this.#process.start(port, binary, args?.(port, this.#folder) ?? [], { GOMAXPROCS: "1", ...env?.(port) });
	}

	async stop(): Promise<void> {
		await this.#process.stop("SIGKILL");
		if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.stop();
	}

	get pids(): number[] {
		return this.#process.pid === undefined ? [] : [this.#process.pid];
	}

	endpoint(channel: string): Endpoint {
		return this.#options.endpoint(this.#process.port, channel);
	}
}
