import { BetterSse } from "./better-sse.ts";
import type { Credentials } from "./credentials.ts";
import { Nchan } from "./nchan.ts";
import type { Server } from "./server.ts";
import { WorkerServer, type WorkerServerOptions } from "./worker.ts";

/** The servers by name: what is measured, what it is measured against, and variants of the two. */
const WORKERS: WorkerServerOptions[] = [
	{ name: "tidings", form: "json" },
	{ name: "floor", form: "frames", worker: "bench/workers/floor.ts" },
	{ name: "hibernate", form: "json", settings: { DELIVERY: "hibernate" } },
	{ name: "unstored", form: "json", worker: "bench/workers/unstored.ts" },
	{ name: "verify", form: "json", worker: "bench/workers/verify.ts" },
	{ name: "verified floor", form: "frames", worker: "bench/workers/verified-floor.ts" },
	{ name: "tidings inspected", form: "json", inspected: true },
	{ name: "floor inspected", form: "frames", worker: "bench/workers/floor.ts", inspected: true },
];

export async function createServers(credentials: Credentials): Promise<Server[]> {
	const workers = WORKERS.map((options) => new WorkerServer(credentials, options));
	return [...workers, new BetterSse(), ...(Nchan.isInstalled ? [await Nchan.create()] : [])];
}
