import { setTimeout as wait } from "node:timers/promises";
import { CrowdProcesses, INTERVAL_MILLISECONDS } from "../load/crowd-processes.ts";
import { cpuSeconds, residentBytes } from "../measures/process.ts";
import { RegionsServer } from "../servers/regions.ts";
import type { Case } from "./case.ts";

/** As many as one object holds by default. */
const FEW = 1000;
const EVENTS_TO_FEW = 40;
const EVENTS_TO_ALL = 10;
const RECONNECTING = 0.01;
/** How long the server may take to notice that streams have gone. */
const LEAVE_SECONDS = 60;
const KIBIBYTE = 1024;

/**
 * Many streams of one channel: what they cost beside 1,000, and that each gets every event, once and in order, also while
 * some of them reconnect and while a relay dies.
 */
export const crowd18kCase: Case = {
	name: "crowd18k",
	variant: "one channel",
	servers: ["regions"],
	isByHand: true,
	async measure({ server, load, channel, scaled, streams }) {
		const few = scaled(FEW);
		const all = scaled(streams);
		const events = Math.max(2, scaled(EVENTS_TO_ALL));
		if (!(server instanceof RegionsServer)) throw new Error(`${server.name} does not run in several processes.`);
		using crowd = await CrowdProcesses.create(load, server.rooms(channel, all));
		const empty = residentBytes(server.pids);
		const memoryPerStream = () => (residentBytes(server.pids) - empty) / crowd.size / KIBIBYTE;
		const cost = async (count: number) => {
			const before = cpuSeconds(server.pids);
			const latencies = await crowd.lone(count);
			return { cpuPerDelivery: ((cpuSeconds(server.pids) - before) / (count * crowd.size)) * 1e6, ...latencies };
		};
		const costOfFew = async () => {
			await crowd.lone(scaled(EVENTS_TO_FEW) / 4);
			return (await cost(scaled(EVENTS_TO_FEW))).cpuPerDelivery;
		};

		await crowd.grow(few);
		const memoryOfFew = memoryPerStream();
		const before = await costOfFew();

		let milliseconds = await crowd.grow(all / 2);
		const memoryOfHalf = memoryPerStream();
		const { cpuPerDelivery: cpuOfHalf } = await cost(events);
		milliseconds += await crowd.grow(all);
		const memoryOfAll = memoryPerStream();
		const { relays } = await server.state(channel);
		const { lastP50: firstEvent } = await crowd.lone(1);
		const figures = await cost(events);
		await crowd.flow(events, { reconnecting: RECONNECTING });
		const cutOff = await crowd.flow(events, {
			async run() {
				// An event comes each second: half of them before it dies.
				await wait((events / 2 - 0.5) * INTERVAL_MILLISECONDS);
				await server.abortRelay(channel);
			},
		});

		await crowd.shrink(few);
		await haveLeft(server, channel, few);
		const after = await costOfFew();
		return {
			streams: all,
			relays,
			joins: ((all - few) / milliseconds) * 1000,
			firstEvent,
			...figures,
			cpuOfFew: (before + after) / 2,
			cpuOfHalf,
			memoryOfFew,
			memoryOfHalf,
			memoryPerStream: memoryOfAll,
			cutOff,
		};
	},
};

/** Resolves when a channel has no more streams than these. */
async function haveLeft(server: RegionsServer, channel: string, streams: number): Promise<void> {
	for (let second = 0; second < LEAVE_SECONDS; second += 1) {
		const { subscribers } = await server.state(channel);
		if (subscribers <= streams) return;
		await wait(1000);
	}
	throw new Error(`The channel counts more than ${streams} streams ${LEAVE_SECONDS} s after the others have left.`);
}
