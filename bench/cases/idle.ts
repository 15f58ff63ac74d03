import { residentBytes } from "../measures/process.ts";
import type { Server } from "../servers/server.ts";
import { type Bench, BROADCASTERS, type Case } from "./case.ts";

const SUBSCRIBERS = 4000;
/** Opened before the measurement, while V8's heap grows to its working size. */
const FIRST_SUBSCRIBERS = 2000;
const KIBIBYTE = 1024;

/** The cost of an open stream without events. */
export const idleCases: Case[] = [
	{
		name: "idle",
		variant: "process",
		servers: BROADCASTERS,
		async measure(bench) {
			return { memoryPerStream: await perStream(bench, async () => residentBytes(bench.server.pids)) };
		},
	},
	{
		name: "idle",
		variant: "heap",
		servers: ["tidings inspected", "floor inspected"],
		async measure(bench) {
			return { heapPerStream: await perStream(bench, () => heapBytes(bench.server)) };
		},
	},
];

async function heapBytes(server: Server): Promise<number> {
	if (!server.heapBytes) throw new Error(`${server.name} has no inspector to ask.`);
	return await server.heapBytes();
}

async function perStream({ server, load, channel, scaled }: Bench, bytes: () => Promise<number>): Promise<number> {
	const endpoints = [server.endpoint(channel)];
	await load.do("open", { endpoints, subscribers: scaled(FIRST_SUBSCRIBERS), publishers: 0 });
	const before = await bytes();
	const subscribers = scaled(SUBSCRIBERS);
	await load.do("open", { endpoints, subscribers, publishers: 0 });
	return ((await bytes()) - before) / subscribers / KIBIBYTE;
}
