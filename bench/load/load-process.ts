import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { machineMilliseconds } from "./clock.ts";
import type { Reply } from "./generator.ts";
import type { Load } from "./load.ts";

/** A command that takes this long waits for an event that will never come. */
const LIMIT_MILLISECONDS = 120_000;

/** The load generator. It has its own process, so that its work is not counted as the server's. */
export class LoadProcess implements Disposable {
	readonly #child: ChildProcess;

	/** What its clock counts from. */
	readonly startedAt: number;

	/** @param startedAt that of a process whose clock it shares. */
	constructor(startedAt = machineMilliseconds()) {
		this.startedAt = startedAt;
		this.#child = fork(join(import.meta.dirname, "generator.ts"), [`${startedAt}`]);
	}

	get pid(): number {
		const { pid } = this.#child;
		if (pid === undefined) throw new Error("The load generator has not started.");
		return pid;
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
			throw new Error(
				reply?.failure ?? `${method} did not finish in ${LIMIT_MILLISECONDS / 1000} s: some events were lost.`,
			);
		return reply.answer as Awaited<ReturnType<Load[Method]>>;
	}

	[Symbol.dispose](): void {
		this.#child.kill("SIGKILL");
	}
}
