import { residentBytes } from "../measures/process.ts";
import { type Bench, BROADCASTERS, type Case } from "./case.ts";

const SUBSCRIBERS = 4000;
/** While these are opened, V8's heap grows to the size that it works with; it is there for all that follow. */
const FIRST_SUBSCRIBERS = 2000;
const KIBIBYTE = 1024;

/** What an open stream costs that nothing is sent to. */
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
			return { heapPerStream: await perStream(bench, async () => (await bench.server.heapBytes?.()) ?? 0) };
		},
	},
];

async function perStream({ server, load, channel, scaled }: Bench, bytes: () => Promise<number>): Promise<number> {
	const endpoints = [server.endpoint(channel)];
	await load.do("open", { endpoints, subscribers: scaled(FIRST_SUBSCRIBERS), publishers: 0 });
	const before = await bytes();
	const subscribers = scaled(SUBSCRIBERS);
	await load.do("open", { endpoints, subscribers, publishers: 0 });
	return ((await bytes()) - before) / subscribers / KIBIBYTE;
}
