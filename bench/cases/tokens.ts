import { cpuSeconds } from "../measures/process.ts";
import { BROADCASTERS, type Case } from "./case.ts";

const CHANNELS = 50;
const READERS_OF_EACH = 2;
const RATE_OF_EACH = 50;
const SECONDS = 4;
const WARM_UP_SECONDS = 1;

interface Publishing {
	servers: readonly string[];
	publishWith: "requests" | "socket";
	/** How many publishes of a channel may be unanswered. */
	window: number;
}

/** Many channels with few readers each, as answers of a language model have that are streamed token by token. */
function tokensCase(variant: string, { servers, publishWith, window }: Publishing): Case {
	return {
		name: "tokens",
		variant,
		servers,
		async measure({ server, load, channel, scaled }) {
			const channels = scaled(CHANNELS);
			const endpoints = Array.from({ length: channels }, (_, index) => {
				return server.endpoint(`${channel}:${index}`, { publishWith });
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

export const tokensCases = [
	tokensCase("50 channels", {
		servers: [...BROADCASTERS, "durable streams", "durable streams disk"],
		publishWith: "requests",
		window: 1,
	}),
	tokensCase("50 channels, sockets", { servers: ["tidings"], publishWith: "socket", window: 8 }),
];
