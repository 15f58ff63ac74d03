import { cpuSeconds } from "../measures/process.ts";
import type { Case } from "./case.ts";

const SECONDS = 2;

interface PublishOptions {
	channels?: number;
	connections: number;
	batch?: number;
}

/** Publishes as fast as the server answers, without subscribers. */
export function publishCase(variant: string, { channels = 1, connections, batch = 1 }: PublishOptions): Case {
	return {
		name: "publish",
		variant,
		servers: ["tidings", "unstored", "publish floor"],
		async measure({ server, load, channel, scaled }) {
			const endpoints = Array.from({ length: channels }, (_, index) => server.endpoint(`${channel}:${index}`));
			await load.do("open", { endpoints, subscribers: 0, publishers: connections });
			const seconds = scaled(SECONDS);
			await load.do("publish", { batch, seconds: seconds / 2 });
			const before = cpuSeconds(server.pids);
			const publishes = await load.do("publish", { batch, seconds });
			const cpu = cpuSeconds(server.pids) - before;
			return { publishes, cpuPerPublish: (cpu / (publishes * seconds)) * 1e6 };
		},
	};
}
