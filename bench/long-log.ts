/** `node bench/long-log.ts`: how long a channel takes to wake up and to be resumed, by the length of its log. */
import { PUBLISH_KEY, Workerd } from "../scripts/workerd.ts";

const LENGTHS = [100, 10_000, 100_000];
const ROUNDS = 15;
const BATCH = 25;
const CONNECTIONS = 16;
/** How many events a client is behind. */
const BEHIND = 10;

const server = await Workerd.start({ REPLAY_EVENTS: "100000", MAX_CONNECTIONS_PER_USER: "1000" });
try {
	const heads = new Map<number, number>();
	for (const length of LENGTHS) heads.set(length, await fill(length));
	const times = new Map(LENGTHS.map((length) => [length, { wake: [], resume: [] } as Record<string, number[]>]));
	const ticket = await newTicket();
	for (let round = 0; round < ROUNDS; round += 1) {
		await server.restart();
		// The first request of all compiles the Worker's code.
		await ask("POST", "/channels/log:other/events", { data: "token" });
		await readEvents(`log:other&rewind=all&ticket=${ticket}`, 1);
		for (const length of round % 2 === 0 ? LENGTHS : LENGTHS.toReversed()) {
			const channel = `log:${length}`;
			const head = heads.get(length) ?? 0;
			const time = times.get(length) as Record<string, number[]>;
			time.wake?.push(await timed(async () => void (await (await ask("GET", `/channels/${channel}`)).text())));
			time.resume?.push(
				await timed(() => readEvents(`${channel}&lastEventId=${head - BEHIND}&ticket=${ticket}`, BEHIND)),
			);
		}
	}
	console.log("| Events in the log | waking up, ms | resuming 10 events behind, ms |");
	console.log("|--:|--:|--:|");
	for (const [length, time] of times) {
		const medians = Object.values(time).map((values) => median(values).toFixed(1));
		console.log(`| ${length.toLocaleString("en-US")} | ${medians.join(" | ")} |`);
	}
} finally {
	await server.stop();
}

function ask(method: string, path: string, body?: unknown): Promise<Response> {
	const headers = { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" };
	return fetch(server.url + path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
}

/** Fills a channel's log. Returns the offset of its last event. */
async function fill(length: number): Promise<number> {
	let left = length;
	let head = 0;
	const publish = async () => {
		while (left > 0) {
			left -= BATCH;
			const events = Array.from({ length: BATCH }, (_, index) => ({ data: `token ${index}` }));
			const response = await ask("POST", `/channels/log:${length}/events`, events);
			const { ids } = (await response.json()) as { ids: string[] };
			head = Math.max(head, Number(ids.at(-1)));
		}
	};
	await Promise.all(Array.from({ length: CONNECTIONS }, publish));
	return head;
}

async function newTicket(): Promise<string> {
	const response = await ask("POST", "/tickets", { user: "reader", channels: ["log:*"], expiresIn: 3600 });
	return ((await response.json()) as { ticket: string }).ticket;
}

/** Opens a stream, and reads so many events. */
async function readEvents(query: string, count: number): Promise<void> {
	const response = await fetch(`${server.url}/events?channel=${query}`);
	let text = "";
	for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
		text += part;
		if (text.split("data: token").length > count) return;
	}
	throw new Error(`The stream ended: ${text}`);
}

async function timed(work: () => Promise<void>): Promise<number> {
	const start = performance.now();
	await work();
	return performance.now() - start;
}

function median(values: number[]): number {
	return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
