import { cpuSeconds } from "../measures/process.ts";
import { BROADCASTERS, type Case } from "./case.ts";

/** Publishes one event at a time, and the next when all subscribers have received it. */
export function loneCase(name: string, subscribers: number, events: number): Case {
	return {
		name,
		variant: `${subscribers.toLocaleString("en")} subscribers`,
		servers: BROADCASTERS,
		async measure({ server, load, channel, scaled }) {
			const endpoints = [server.endpoint(channel)];
			await load.do("open", { endpoints, subscribers: scaled(subscribers), publishers: 1 });
			await load.do("lone", { events: Math.ceil(events / 5) });
			const before = cpuSeconds(server.pids);
			const { deliveries, ...latencies } = await load.do("lone", { events: scaled(events) });
			const seconds = cpuSeconds(server.pids) - before;
			return { cpuPerDelivery: (seconds / deliveries) * 1e6, ...latencies };
		},
	};
}
