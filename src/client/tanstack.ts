import type { StreamChunk, StreamDurability } from "@tanstack/ai";
import type { Envelope } from "../wire/envelope.ts";
import { ask } from "./ask.ts";
import { bearer } from "./bearer.ts";
import { readObject } from "./body.ts";
import { connect } from "./connect.ts";
import { createPublisher } from "./publish.ts";
import { routesOf } from "./service-url.ts";
import { TidingsError } from "./tidings-error.ts";

/** Where the runs are kept. */
export interface TidingsStreamOptions {
	/** The URL of the service, such as `https://events.example.com`. */
	url: string | URL;
	/** A publish key. */
	key: string;
	/** What the channel of a run begins with; its id follows. Default: `run:`. */
	prefix?: string;
}

/** The most events that a publish may have, and a page of what a channel remembers. */
const MAX_BATCH = 100;
const MAX_PAGE = 1000;
const FROM_START = "-1";
const FROM_NOW = "now";

/**
 * Keeps the runs of TanStack AI in channels, a channel each: its delivery durability. A client that reconnects or joins gets
 * the rest of the run, and the model is not called again.
 *
 * The run's id comes from `X-Run-Id`, or from `runId` in the query, and where to go on from `Last-Event-ID` or `offset`, as
 * TanStack AI's clients send them. Who may read a run is for your route to decide.
 *
 * @throws TypeError for a key or a URL that can be none, and for an offset that this has not made.
 *
 * @example
 * const adapter = tidingsStream(request, { url: "https://events.example.com", key: env.PUBLISH_KEY });
 * return toServerSentEventsResponse(chat({ adapter: model, messages }), { durability: { adapter } });
 */
export function tidingsStream(request: Request, { url, key, prefix = "run:" }: TidingsStreamOptions): StreamDurability {
	const routeOf = routesOf(url);
	const publisher = createPublisher({ url, key });
	const query = new URL(request.url).searchParams;
	const resumed = request.headers.get("Last-Event-ID") ?? query.get("offset");
	const run = runOf(resumed) ?? request.headers.get("X-Run-Id") ?? query.get("runId") ?? crypto.randomUUID();
	const channel = `${prefix}${run}`;
	const headers = bearer(key);

	const offsetOf = (id: string) => `${run}/${id}`;

	async function remembered(after: string, limit: number): Promise<Envelope<string, StreamChunk>[]> {
		const route = routeOf(`channels/${encodeURIComponent(channel)}/events`);
		route.searchParams.set("after", after);
		route.searchParams.set("limit", `${limit}`);
		const response = await ask(route, [200], { headers });
		return (await response.json()) as Envelope<string, StreamChunk>[];
	}

	async function newTicket(): Promise<string> {
		const body = JSON.stringify({ user: channel, channels: [channel] });
		const json = { ...headers, "Content-Type": "application/json" };
		const response = await ask(routeOf("tickets"), [201], { method: "POST", headers: json, body });
		return `${(await readObject(response)).ticket}`;
	}

	return {
		resumeFrom: () => resumed,

		append: async (chunks) => {
			const offsets: string[] = [];
			for (let first = 0; first < chunks.length; first += MAX_BATCH) {
				const events = chunks.slice(first, first + MAX_BATCH).map((data) => ({ data }));
				const { ids } = await publisher.publish(channel, events);
				offsets.push(...ids.map(offsetOf));
			}
			return offsets;
		},

		read: async function* (offset, signal) {
			const cursor = cursorOf(offset, run);
			if (cursor === undefined && (await remembered("0", 1)).length === 0)
				throw new Error(`There is nothing of the run ${JSON.stringify(run)}. It is unknown, or forgotten by now.`);
			if (signal?.aborted) return;
			let isIncomplete = false;
			const connection = connect<{ message: StreamChunk }>({
				url,
				channels: [channel],
				getTicket: newTicket,
				...(offset === FROM_START && { rewind: "all" }),
				...(cursor !== undefined && { storage: { getItem: () => cursor, setItem: () => {} } }),
				onGap: () => {
					isIncomplete = true;
				},
			});
			const close = () => connection.close();
			signal?.addEventListener("abort", close);
			try {
				for await (const { id, data } of connection) {
					if (isIncomplete) break;
					yield { offset: offsetOf(id), chunk: data };
				}
			} finally {
				signal?.removeEventListener("abort", close);
				close();
			}
			if (isIncomplete)
				throw new Error(
					`Events of the run ${JSON.stringify(run)} are forgotten. Let its channel remember more of them.`,
				);
		},

		close: async () => {
			try {
				await publisher.publish(channel, [], { end: true });
			} catch (error) {
				const hasEnded = error instanceof TidingsError && error.code === "channel_ended";
				if (!hasEnded) throw error;
			}
		},

		snapshot: async () => {
			const entries: { offset: string; chunk: StreamChunk }[] = [];
			let after = "0";
			for (;;) {
				const page = await remembered(after, MAX_PAGE);
				entries.push(...page.map(({ id, data }) => ({ offset: offsetOf(id), chunk: data })));
				if (page.length < MAX_PAGE) return entries;
				after = page.at(-1)?.id ?? after;
			}
		},
	};
}

/** The run that an offset is of; `undefined` if it says only where to start. */
function runOf(offset: string | null): string | undefined {
	if (offset === null || offset === FROM_START || offset === FROM_NOW) return undefined;
	const [, run] = /^(.+)\/\d+$/.exec(offset) ?? [];
	if (run === undefined) throw new TypeError(`${JSON.stringify(offset)} is not an offset of tidings.`);
	return run;
}

/** The cursor to read from; `undefined` to read from the start, or from now on. */
function cursorOf(offset: string, run: string): string | undefined {
	const named = runOf(offset);
	if (named === undefined) return undefined;
	if (named !== run)
		throw new TypeError(`The offset ${JSON.stringify(offset)} is not of the run ${JSON.stringify(run)}.`);
	return offset.slice(run.length + 1);
}
