import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Reply } from "./generator.ts";
import type { Load } from "./load.ts";

/** No command takes half as long, unless it waits for an event that never comes. */
const LIMIT_MILLISECONDS = 120_000;

/** The load generator, in a process of its own: its work must not count as the server's, nor wait for it. */
export class LoadProcess implements Disposable {
	readonly #child: ChildProcess;

	constructor() {
		this.#child = fork(join(import.meta.dirname, "generator.ts"));
	}

	get pid(): number {
		return this.#child.pid ?? 0;
	}

	/** @throws Error when what was read is not what was published. */
	async do<Method extends keyof Load>(
		method: Method,
		options: Parameters<Load[Method]>[0],
	): Promise<Awaited<ReturnType<Load[Method]>>> {
		this.#child.send({ method, options });
		const signal = AbortSignal.timeout(LIMIT_MILLISECONDS);
		const [reply]: Reply[] = await once(this.#child, "message", { signal }).catch(() => []);
		if (!reply || "failure" in reply)
			throw new Error(reply?.failure ?? `${method} did not come to an end: some events are lost.`);
		return reply.answer as Awaited<ReturnType<Load[Method]>>;
	}

	[Symbol.dispose](): void {
		this.#child.kill("SIGKILL");
	}
}
