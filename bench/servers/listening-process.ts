import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { started } from "./server.ts";

/** A program that is told which port to listen on. */
export class ListeningProcess {
	readonly #name: string;
	#child: ChildProcess | undefined;
	#port: number | undefined;

	constructor(name: string) {
		this.#name = name;
	}

	/** Runs it, and resolves when it listens on the port. */
	async start(port: number, program: string, args: string[], env = {}): Promise<void> {
		const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, ...env } });
		this.#child = child;
		this.#port = port;
		await once(child, "spawn");
		while (!(await isListening(port))) {
			if (child.exitCode !== null) throw new Error(`${this.#name} ended before it listened.`);
			await wait(20);
		}
	}

	async stop(signal: NodeJS.Signals): Promise<void> {
		const child = this.#child;
		this.#child = undefined;
		if (child?.kill(signal)) await once(child, "exit");
	}

	get port(): number {
		return started(this.#port);
	}

	get pid(): number | undefined {
		return this.#child?.pid;
	}
}

export async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	server.close();
	await once(server, "close");
	return port;
}

async function isListening(port: number): Promise<boolean> {
	const { promise, resolve } = Promise.withResolvers<boolean>();
	const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
	const answer = await promise;
	socket.destroy();
	return answer;
}
