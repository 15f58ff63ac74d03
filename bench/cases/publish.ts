import type { Figures } from "../figures.ts";
import { cpuSeconds } from "../measures/process.ts";
import type { Bench, Case } from "./case.ts";

const SECONDS = 2;

interface PublishOptions {
	channels?: number;
	connections: number;
	batch?: number;
}

/** How many messages may be unanswered on a WebSocket. */
const WINDOW = 256;

/** Publishes as fast as the server answers, without subscribers. */
export function publishCase(variant: string, { channels = 1, connections, batch = 1 }: PublishOptions): Case {
	return {
		name: "publish",
		variant,
		servers: ["tidings", "unstored", "publish floor"],
		async measure(bench) {
			const { server, load, channel } = bench;
			const endpoints = Array.from({ length: channels }, (_, index) => server.endpoint(`${channel}:${index}`));
			await load.do("open", { endpoints, subscribers: 0, publishers: connections });
			return await measurePublishing(bench, batch);
		},
	};
}

/** The same over one WebSocket, which has many messages unanswered. */
export function publishSocketCase(variant: string, batch: number): Case {
	return {
		name: "publish",
		variant,
		servers: ["tidings"],
		async measure(bench) {
			const { server, load, channel } = bench;
			const endpoints = [server.endpoint(channel, { publishWith: "socket" })];
			await load.do("open", { endpoints, subscribers: 0, publishers: 1, window: WINDOW });
			return await measurePublishing(bench, batch);
		},
	};
}

/** The same as a body that does not end, each event in a chunk of its own, until a reader has read them. */
export const publishLiveCase: Case = {
	name: "publish",
	variant: "live body, one reader",
	servers: ["tidings"],
	async measure(bench) {
		const { server, load, channel } = bench;
		const endpoints = [server.endpoint(`answer:${channel}`, { publishWith: "live" })];
		await load.do("open", { endpoints, subscribers: 1, publishers: 1 });
		return await measurePublishing(bench, 1);
	},
};

async function measurePublishing({ server, load, scaled }: Bench, batch: number): Promise<Figures> {
	const seconds = scaled(SECONDS);
	await load.do("publish", { batch, seconds: seconds / 2 });
	const before = cpuSeconds(server.pids);
	const { published, publishes } = await load.do("publish", { batch, seconds });
	const cpu = cpuSeconds(server.pids) - before;
	return { publishes, cpuPerPublish: (cpu / published) * 1e6 };
}
