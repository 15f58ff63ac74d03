import type { Worker } from "../../scripts/workerd.ts";
import { BetterSse } from "./better-sse.ts";
import { createCentrifugo } from "./centrifugo.ts";
import type { Credentials } from "./credentials.ts";
import { createDurableStreams } from "./durable-streams.ts";
import { createMercure } from "./mercure.ts";
import { Nchan } from "./nchan.ts";
import type { Server } from "./server.ts";
import { WorkerServer, type WorkerServerOptions } from "./worker.ts";

/** A Worker to compare tidings with. */
function comparison(name: string, objects: string[]): Worker {
	return { main: `bench/workers/${name}.ts`, config: "bench/workers/wrangler.toml", objects };
}

const floor = comparison("floor", ["Channel"]);

/** The Workers: tidings, what it is compared with, and variants of both. */
const WORKERS: WorkerServerOptions[] = [
	{ name: "tidings", form: "json" },
	{ name: "floor", form: "frames", worker: floor },
	{ name: "session", form: "json", stream: "session" },
	{ name: "socket", form: "json", stream: "socket" },
	{ name: "hibernate", form: "json", settings: { DELIVERY: "hibernate" } },
	{ name: "unstored", form: "json", worker: comparison("unstored", ["Channel", "Metrics"]) },
	{ name: "publish floor", form: "json", worker: comparison("publish-floor", ["Channel"]) },
	{ name: "verify", form: "json", worker: comparison("verify", []) },
	{ name: "verified floor", form: "frames", worker: comparison("verified-floor", ["Channel"]) },
	{ name: "tidings inspected", form: "json", inspected: true },
	{ name: "floor inspected", form: "frames", worker: floor, inspected: true },
];

export async function createServers(credentials: Credentials): Promise<Server[]> {
	const workers = WORKERS.map((options) => new WorkerServer(credentials, options));
	return [
		...workers,
		new BetterSse(),
		...createDurableStreams(),
		await Nchan.create(),
		...(await createMercure()),
		createCentrifugo(),
	];
}
