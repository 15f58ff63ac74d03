import type { Worker } from "../../scripts/workerd.ts";
import { returningStreamsOfProcess } from "../measures/process.ts";
import { BetterSse } from "./better-sse.ts";
import { createCentrifugo } from "./centrifugo.ts";
import type { Credentials } from "./credentials.ts";
import { createDurableStreams } from "./durable-streams.ts";
import { createMercure } from "./mercure.ts";
import { Nchan } from "./nchan.ts";
import { REGIONS, RegionsServer } from "./regions.ts";
import type { Server } from "./server.ts";
import { WorkerServer, type WorkerServerOptions } from "./worker.ts";

/** A Worker to compare tidings with. */
function comparison(name: string, objects: string[]): Worker {
	return { main: `bench/workers/${name}.ts`, config: "bench/workers/wrangler.toml", objects };
}

/** tidings with channels that spread when they have more streams than this. */
function crowdsOf(name: string, size: number): WorkerServerOptions {
	return { name, form: "json", settings: { CROWD_SIZE: `${size}` } };
}

const MAX_CROWD_SIZE = 1_000_000;

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
	...[500, 1000, 2000].map((size) => crowdsOf(`crowds of ${size}`, size)),
	crowdsOf("one object", MAX_CROWD_SIZE),
	{ name: "verify", form: "json", worker: comparison("verify", []) },
	{ name: "verified floor", form: "frames", worker: comparison("verified-floor", ["Channel"]) },
	{ name: "tidings inspected", form: "json", inspected: true },
	{ name: "floor inspected", form: "frames", worker: floor, inspected: true },
];

/**
 * @param streams how many clients of tidings in regions have streams at the same time.
 */
export async function createServers(credentials: Credentials, streams: number): Promise<Server[]> {
	const regions = (name: string, processes: number, settings: Record<string, string>) => {
		const worker = comparison("regions", ["Channel", "Metrics"]);
		const each = REGIONS.slice(0, processes).map((region) => {
			const own = { ...settings, ...region, PROCESSES: "{}" };
			return new WorkerServer(credentials, { name, form: "json", worker, settings: own });
		});
		return new RegionsServer(name, each);
	};
	const workers = WORKERS.map((options) => new WorkerServer(credentials, options));
	return [
		...workers,
		regions("regions", Math.ceil(streams / returningStreamsOfProcess()), {}),
		regions("origin apart", 2, { CROWD_SIZE: "1" }),
		new BetterSse(),
		...createDurableStreams(),
		await Nchan.create(),
		...(await createMercure()),
		createCentrifugo(),
	];
}
