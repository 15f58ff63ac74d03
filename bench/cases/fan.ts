import { CrowdProcesses } from "../load/crowd-processes.ts";
import { cpuSeconds } from "../measures/process.ts";
import { RegionsServer } from "../servers/regions.ts";
import type { Case } from "./case.ts";
import { loneCase } from "./lone.ts";

const EVENTS = 500;
const WARM_UP_EVENTS = 100;

/** One event at a time to many subscribers, by how many of them one object holds. */
const sizes: Case = {
	...loneCase("fan", 8000, 10),
	servers: ["crowds of 500", "crowds of 1000", "crowds of 2000", "one object"],
};

/** What the origin of a channel does for each event, beside relays that run in another process. Each holds one stream. */
function originCase(relays: number): Case {
	return {
		name: "fan",
		variant: `origin, ${relays} relays`,
		servers: ["origin apart"],
		async measure({ server, load, channel, scaled }) {
			if (!(server instanceof RegionsServer)) throw new Error(`${server.name} does not run in several processes.`);
			// The first stream is at the origin, and the others at the other process.
			const rooms = server
				.rooms(channel, 2 * relays)
				.map((room, index) => (index === 0 ? { ...room, streams: 1 } : room));
			using crowd = await CrowdProcesses.create(load, rooms);
			// One after the other, each finds the relay before it full.
			await crowd.grow(1 + relays, 1);
			await crowd.lone(scaled(WARM_UP_EVENTS));
			const pids = server.pids.slice(0, 1);
			const before = cpuSeconds(pids);
			const events = scaled(EVENTS);
			const latencies = await crowd.lone(events);
			const cpu = cpuSeconds(pids) - before;
			const state = await server.state(channel);
			return { relays: state.relays, originPerEvent: (cpu / events) * 1000, ...latencies };
		},
	};
}

export const fanCases: Case[] = [sizes, originCase(0), originCase(10), originCase(100)];
