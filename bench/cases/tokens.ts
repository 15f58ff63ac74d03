import { median } from "../figures.ts";
import { cpuSeconds } from "../measures/process.ts";
import type { EndpointOptions } from "../servers/server.ts";
import { BROADCASTERS, type Case } from "./case.ts";

/** Answers of a language model, which are streamed token by token: many channels with few readers each. */

const CHANNELS = 50;
const READERS_OF_EACH = 2;
const RATE_OF_EACH = 50;
const SECONDS = 4;
const WARM_UP_SECONDS = 1;
/** How many answers the first event of each is measured of. */
const ANSWERS = 20;
/** A long answer, and how many come to read all of it. */
const LONG_ANSWER = 5000;
const LATECOMERS = 10;

interface Publishing {
	servers: readonly string[];
	publishWith: NonNullable<EndpointOptions["publishWith"]>;
	/** How many publishes of a channel may be unanswered. */
	window?: number;
}

function tokensCase(variant: string, { servers, publishWith, window = 1 }: Publishing): Case {
	return {
		name: "tokens",
		variant,
		servers,
		async measure({ server, load, channel, scaled }) {
			const channels = scaled(CHANNELS);
			const endpoints = Array.from({ length: channels }, (_, index) => {
				return server.endpoint(`answer:${channel}:${index}`, { publishWith });
			});
			const subscribers = channels * READERS_OF_EACH;
			await load.do("open", { endpoints, subscribers, publishers: channels, window });
			const rate = channels * RATE_OF_EACH;
			await load.do("flow", { rate: rate / 5, batch: 1, seconds: WARM_UP_SECONDS });
			const startedAt = performance.now();
			const before = [cpuSeconds(server.pids), cpuSeconds([load.pid])] as const;
			const { deliveries: _, ...flow } = await load.do("flow", { rate, batch: 1, seconds: scaled(SECONDS) });
			const cpuPerPublish = ((cpuSeconds(server.pids) - before[0]) / flow.published) * 1e6;
			const generatorBusy = ((cpuSeconds([load.pid]) - before[1]) / (performance.now() - startedAt)) * 100_000;
			return { cpuPerPublish, ...flow, generatorBusy };
		},
	};
}

/** From the first event of an answer to all of its readers, who wait for it. */
function firstEventCase(variant: string, { servers, publishWith }: Publishing): Case {
	return {
		name: "tokens",
		variant,
		servers,
		async measure({ server, load, channel, scaled }) {
			const latencies: number[] = [];
			for (let answer = 0; answer < scaled(ANSWERS); answer += 1) {
				const endpoints = [server.endpoint(`answer:${channel}:${answer}`, { publishWith })];
				await load.do("open", { endpoints, subscribers: READERS_OF_EACH, publishers: 1 });
				latencies.push(await load.do("burst", { events: 1 }));
			}
			return { firstEvent: median(latencies) };
		},
	};
}

/** Readers who come when an answer is long, and read it from its beginning. */
const catchUpCase: Case = {
	name: "tokens",
	variant: `catching up with ${LONG_ANSWER.toLocaleString("en")} events`,
	servers: ["tidings", "durable streams", "durable streams disk"],
	async measure({ server, load, channel, scaled }) {
		const endpoint = server.endpoint(`answer:${channel}`, { from: "start" });
		const events = scaled(LONG_ANSWER);
		await load.do("open", { endpoints: [endpoint], subscribers: 0, publishers: 1 });
		await load.do("fill", { events });
		const before = cpuSeconds(server.pids);
		const milliseconds = await load.do("catchUp", { endpoint, events, readers: LATECOMERS });
		const cpu = cpuSeconds(server.pids) - before;
		return { caughtUp: milliseconds / 1000, cpuPerDelivery: (cpu / (events * LATECOMERS)) * 1e6 };
	},
};

const DURABLE_STREAMS = ["durable streams", "durable streams disk"] as const;

export const tokensCases = [
	tokensCase("50 channels", { servers: [...BROADCASTERS, ...DURABLE_STREAMS], publishWith: "requests" }),
	tokensCase("50 channels, sockets", { servers: ["tidings"], publishWith: "socket", window: 8 }),
	tokensCase("50 channels, live bodies", { servers: ["tidings"], publishWith: "live" }),
	firstEventCase("first event", { servers: ["tidings", ...DURABLE_STREAMS], publishWith: "requests" }),
	firstEventCase("first event, live body", { servers: ["tidings"], publishWith: "live" }),
	catchUpCase,
];
