import { cpuSeconds } from "../measures/process.ts";
import type { Case } from "./case.ts";

const STREAMS = 2000;
const WARM_UP_STREAMS = 500;

/** Opens new streams as fast as possible, each on its own connection. */
export function joinCase(credential: "token" | "ticket"): Case {
	return {
		name: "join",
		variant: credential,
		servers: ["tidings", "verify", "verified floor"],
		async measure({ server, load, channel, scaled }) {
			const endpoints = [server.endpoint(channel, { credential })];
			await load.do("open", { endpoints, subscribers: scaled(WARM_UP_STREAMS), publishers: 0 });
			const before = cpuSeconds(server.pids);
			const subscribers = scaled(STREAMS);
			const milliseconds = await load.do("open", { endpoints, subscribers, publishers: 0 });
			const cpu = cpuSeconds(server.pids) - before;
			return { joins: (subscribers / milliseconds) * 1000, cpuPerJoin: (cpu / subscribers) * 1e6 };
		},
	};
}
