import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestHarness } from "wrangler";
import WebSocket from "ws";
import { PUBLISH_KEY, SETTINGS } from "../../scripts/workerd.ts";
import { SseReader } from "../support/sse.ts";
import { publish, subscribersOf, ticketOf } from "./support/servers.ts";

const STREAMS = 20;
/** The runtime lets an object sleep when nothing has happened for 10 s. */
const IDLE_MILLISECONDS = 15_000;

const server = createTestHarness({
	root: join(import.meta.dirname, "sleeper"),
	workers: [
		{
			configPath: "./wrangler.toml",
			// The heart beats many times while the channel sleeps.
			secrets: { ...SETTINGS, DELIVERY: "hibernate", HEARTBEAT_SECONDS: "1", MAX_CONNECTIONS_PER_USER: "1000" },
		},
	],
});
let url = "";

beforeAll(async () => {
	url = (await server.listen()).url.origin;
});

afterAll(() => server.close());

async function made(channel: string): Promise<number> {
	return (await (await fetch(`${url}/made/${channel}`)).json()) as number;
}

/** Opens a stream; answers with its events and the number of bytes, heartbeats among them, that have come. */
async function open(query: string): Promise<{ events: string[]; bytes: number }> {
	const seen = { events: [] as string[], bytes: 0 };
	const response = await fetch(`${url}/events?${query}`);
	if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
	const count = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
		transform(chunk, controller) {
			seen.bytes += chunk.byteLength;
			controller.enqueue(chunk);
		},
	});
	const frames = new SseReader(new Response(response.body?.pipeThrough(count)));
	void (async () => {
		// When the server is closed, so is the stream.
		for await (const { event = "message", data } of frames) seen.events.push(`${event} ${data}`);
	})().catch(() => undefined);
	return seen;
}

describe("an idle channel with open streams", () => {
	it("is really unloaded, keeps all of them open, and reaches each with the next event", async () => {
		const channel = "sleepy";
		const ticket = await ticketOf({ url }, PUBLISH_KEY, { user: "a", channels: [channel, "other"], expiresIn: 3600 });
		const streams = await Promise.all(
			Array.from({ length: STREAMS }, (_, index) =>
				open(`channel=${channel}&ticket=${ticket}${index % 2 === 0 ? "&channel=other" : ""}`),
			),
		);
		const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
		const messages: string[] = [];
		socket.on("message", (data) => messages.push(String(data)));
		await new Promise((resolve) => socket.once("open", resolve));
		socket.send(JSON.stringify({ type: "auth", ticket, channels: [channel] }));
		await publish({ url }, channel, { data: "before" });
		await expect.poll(() => streams.filter(({ events }) => events.includes("message before")).length).toBe(STREAMS);
		expect(await made(channel)).toBe(1);
		const bytes = streams.map((stream) => stream.bytes);

		await wait(IDLE_MILLISECONDS);
		// The clients were kept alive all the while, without the channel.
		for (const [index, stream] of streams.entries()) {
			expect(stream.bytes - (bytes[index] ?? 0)).toBeGreaterThanOrEqual(":\n".length * 10);
		}
		expect(await made(channel)).toBe(1);
		await publish({ url }, channel, { data: "after" });
		expect(await made(channel)).toBe(2);
		await expect.poll(() => streams.filter(({ events }) => events.includes("message after")).length).toBe(STREAMS);
		await expect.poll(() => messages.filter((message) => message.includes("after"))).toHaveLength(1);
		for (const { events } of streams) expect(events.filter((event) => event.startsWith("message"))).toHaveLength(2);
		expect(await subscribersOf({ url }, channel)).toBe(STREAMS + 1);
		socket.close();
	});

	it("is not woken by a ping of a WebSocket client, and is by the end of its credentials", async () => {
		const channel = "dozing";
		const ticket = await ticketOf({ url }, PUBLISH_KEY, { user: "a", channels: [channel], streamFor: 16 });
		const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, "tidings");
		const messages: string[] = [];
		socket.on("message", (data) => messages.push(String(data)));
		const closed = new Promise<number>((resolve) => socket.once("close", resolve));
		await new Promise((resolve) => socket.once("open", resolve));
		expect(socket.protocol).toBe("tidings");
		socket.send(JSON.stringify({ type: "auth", ticket, channels: [channel] }));
		const pings = setInterval(() => socket.send('{"type":"ping"}'), 500);
		await wait(13_000);
		expect(messages.filter((message) => message === '{"type":"pong"}').length).toBeGreaterThan(20);
		expect(await made(channel)).toBe(1);
		expect(await closed).toBe(4401);
		clearInterval(pings);
		expect(await made(channel)).toBe(2);
		expect(messages.at(-1)).toMatch(/^\{"type":"closing","id":"\d+","reason":"token_expired","reconnect":true\}$/);
	});
});
