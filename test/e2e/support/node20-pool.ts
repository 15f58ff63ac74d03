import { ForksPoolWorker, type PoolRunnerInitializer } from "vitest/node";
import { node20 } from "./node20.ts";

/** The tests are brought by the Node that runs all others; they run on Node 20. */
class Node20Worker extends ForksPoolWorker {
	override async start(): Promise<void> {
		const { execPath } = process;
		process.execPath = node20 ?? execPath;
		// The process is forked before this returns: there is no option for it.
		const started = super.start();
		process.execPath = execPath;
		await started;
	}
}

/** A pool of Vitest's whose tests run on Node 20. */
export const onNode20: PoolRunnerInitializer = {
	name: "node20",
	createPoolWorker: (options) => new Node20Worker(options),
};
