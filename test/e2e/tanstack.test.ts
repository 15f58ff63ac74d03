import { EventType, memoryStream, type StreamChunk, type StreamDurability } from "@tanstack/ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tidingsStream } from "../../src/client/tanstack.ts";
import { PUBLISH_KEY, type Service, startService } from "./support/servers.ts";

let service: Service;

beforeAll(async () => {
	service = await startService({ RETRY_MILLISECONDS: "50", REPLAY_EVENTS: "300" });
});

afterAll(() => service.stop());

const tidings = (request: Request) => tidingsStream(request, { url: service.url, key: PUBLISH_KEY });
const ADAPTERS: [string, (request: Request) => StreamDurability][] = [
	["TanStack AI's own in memory", (request) => memoryStream(request)],
	["tidings", tidings],
];

function request(run: string, headers: Record<string, string> = {}): Request {
	return new Request("https://app.example.com/api/chat", { headers: { "X-Run-Id": run, ...headers } });
}

function delta(text: string): StreamChunk {
	return { type: EventType.TEXT_MESSAGE_CONTENT, messageId: "m", delta: text, timestamp: 0 };
}

/** The texts that a read brings, to its end. */
async function read(adapter: StreamDurability, offset: string, signal?: AbortSignal): Promise<string[]> {
	const texts: string[] = [];
	for await (const { chunk } of adapter.read(offset, signal)) texts.push(textOf(chunk));
	return texts;
}

function textOf(chunk: StreamChunk): string {
	return chunk.type === EventType.TEXT_MESSAGE_CONTENT ? chunk.delta : chunk.type;
}

describe.each(ADAPTERS)("the contract of delivery durability is kept by %s", (_, open) => {
	it("gives each chunk an offset of its own, after which a read goes on, up to the end", async () => {
		const run = crypto.randomUUID();
		const producer = open(request(run));
		expect(producer.resumeFrom()).toBeNull();
		const offsets = [
			...(await producer.append([delta("a"), delta("b")])),
			...(await producer.append([])),
			...(await producer.append([delta("c")])),
		];
		expect(new Set(offsets).size).toBe(3);
		await producer.close();
		expect(await read(producer, "-1")).toEqual(["a", "b", "c"]);
		for (const [index, offset] of offsets.entries()) {
			const reconnected = open(
				new Request("https://app.example.com/api/chat", { headers: { "Last-Event-ID": offset } }),
			);
			expect(reconnected.resumeFrom()).toBe(offset);
			expect(await read(reconnected, offset)).toEqual(["a", "b", "c"].slice(index + 1));
		}
	});

	it("reads on while the run goes on, past the end of one of its steps", async () => {
		const run = crypto.randomUUID();
		const producer = open(request(run));
		const finished: StreamChunk = { type: EventType.RUN_FINISHED, threadId: "t", runId: run, timestamp: 0 };
		await producer.append([delta("a"), finished]);
		const texts: string[] = [];
		for await (const { chunk } of open(request(run)).read("-1")) {
			texts.push(textOf(chunk));
			if (texts.length === 2) await producer.append([delta("b")]);
			if (texts.length === 3) await producer.close();
		}
		expect(texts).toEqual(["a", "RUN_FINISHED", "b"]);
	});

	it("ends a read when its reader has gone", async () => {
		const producer = open(request(crypto.randomUUID()));
		await producer.append([delta("a")]);
		const gone = new AbortController();
		const texts: string[] = [];
		for await (const { chunk } of producer.read("-1", gone.signal)) {
			texts.push(textOf(chunk));
			gone.abort();
		}
		expect(texts).toEqual(["a"]);
		expect(await read(producer, "-1", AbortSignal.abort())).toEqual(expect.any(Array));
	});

	it("tells at once what is stored of a run that goes on, and of one that nobody knows", async () => {
		const run = crypto.randomUUID();
		const producer = open(request(run));
		expect(await producer.snapshot()).toEqual([]);
		const offsets = await producer.append([delta("a"), delta("b")]);
		const entries = await open(request(run)).snapshot();
		expect(entries.map(({ offset, chunk }) => [offset, textOf(chunk)])).toEqual([
			[offsets[0], "a"],
			[offsets[1], "b"],
		]);
		entries.pop();
		expect(await producer.snapshot()).toHaveLength(2);
	});

	it("fails for a run that has nothing", async () => {
		await expect(read(open(request("nobody-knows-it")), "-1")).rejects.toThrow("nobody-knows-it");
		expect(() => open(request("r", { "Last-Event-ID": "7" }))).toThrow("7");
	});

	it("may be closed twice", async () => {
		const producer = open(request(crypto.randomUUID()));
		await producer.append([delta("a")]);
		await producer.close();
		await producer.close();
		expect(await read(producer, "-1")).toEqual(["a"]);
	});
});

describe("a run that tidings keeps", () => {
	it("stores more chunks at once than a batch may have, and says when a run is remembered only in part", async () => {
		const producer = tidings(request(crypto.randomUUID()));
		const offsets = await producer.append(Array.from({ length: 250 }, (_, index) => delta(`${index}`)));
		expect(new Set(offsets).size).toBe(250);
		expect((await producer.snapshot()).map(({ offset }) => offset)).toEqual(offsets);
		await producer.append(Array.from({ length: 60 }, (_, index) => delta(`${250 + index}`)));
		await producer.close();
		await expect(read(producer, offsets[0] ?? "")).rejects.toThrow("forgotten");
	});

	it("says what the service says of a name that can be no channel's, and of another run's offset", async () => {
		await expect(tidings(request("a run")).append([delta("a")])).rejects.toMatchObject({ code: "invalid_channel" });
		await expect(read(tidings(request("r1")), "r2/7")).rejects.toThrow("not of the run");
	});
});
