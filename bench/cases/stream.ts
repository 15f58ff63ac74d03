import { cpuSeconds } from "../measures/process.ts";
import { BROADCASTERS, type Case } from "./case.ts";

const SUBSCRIBERS = 1000;
const PUBLISHERS = 8;
const SECONDS = 4;
const WARM_UP_SECONDS = 1;

/** Publishes at a steady rate, one event or one batch in a request. */
export function streamCase(name: string, rate: number, batch: number): Case {
	return {
		name,
		variant: `${rate.toLocaleString("en")} events a second`,
		servers: BROADCASTERS,
		async measure({ server, load, channel, scaled }) {
			const endpoints = [server.endpoint(channel)];
			await load.do("open", { endpoints, subscribers: scaled(SUBSCRIBERS), publishers: PUBLISHERS });
			await load.do("flow", { rate: rate / 5, batch, seconds: WARM_UP_SECONDS });
			const startedAt = performance.now();
			const before = [cpuSeconds(server.pids), cpuSeconds([load.pid])] as const;
			const { deliveries, ...flow } = await load.do("flow", { rate, batch, seconds: scaled(SECONDS) });
			const deliveriesPerCpuSecond = deliveries / (cpuSeconds(server.pids) - before[0]);
			const generatorBusy = ((cpuSeconds([load.pid]) - before[1]) / (performance.now() - startedAt)) * 100_000;
			return { deliveriesPerCpuSecond, ...flow, generatorBusy };
		},
	};
}
