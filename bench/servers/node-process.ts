import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { basename, join } from "node:path";
import { started } from "./server.ts";

/** A program in this folder that says over IPC on which port it listens, and ends with its parent. */
export class NodeProcess {
	readonly #file: string;
	#child: ChildProcess | undefined;
	#port: number | undefined;

	constructor(file: string) {
		this.#file = file;
	}

	async start(args: string[] = []): Promise<void> {
		const child = fork(join(import.meta.dirname, this.#file), args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
		this.#child = child;
		const name = basename(this.#file, ".ts");
		const ended = once(child, "exit").then(() => Promise.reject(new Error(`${name} ended before it listened.`)));
		[this.#port] = await Promise.race([once(child, "message"), ended]);
	}

	async stop(): Promise<void> {
		const child = this.#child;
		this.#child = undefined;
		if (child?.kill("SIGKILL")) await once(child, "exit");
	}

	get port(): number {
		return started(this.#port);
	}

	get pids(): number[] {
		return this.#child?.pid === undefined ? [] : [this.#child.pid];
	}
}
