import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestHarness } from "wrangler";
import WebSocket from "ws";
import { PUBLISH_KEY, SETTINGS } from "../../scripts/workerd.ts";
import { publish, subscribersOf, ticketOf } from "./support/servers.ts";

/** The runtime lets an object sleep when nothing has happened for 10 s, and the heart has to beat less often. */
const IDLE_MILLISECONDS = 15_000;

const server = createTestHarness({
	root: join(import.meta.dirname, "sleeper"),
	workers: [{ configPath: "./wrangler.toml", secrets: { ...SETTINGS, HEARTBEAT_SECONDS: "25" } }],
});
let url = "";

beforeAll(async () => {
	url = (await server.listen()).url.origin;
});

afterAll(() => server.close());

async function made(channel: string): Promise<number> {
	return (await (await fetch(`${url}/made/${channel}`)).json()) as number;
}

/** Opens a WebSocket that ends in a channel; its messages come in a list. */
async function open(channel: string, user: string, query = "") {
	const ticket = await ticketOf({ url }, PUBLISH_KEY, { user, channels: [channel] });
	const socket = new WebSocket(`${url.replace("http", "ws")}/ws?channel=${channel}&ticket=${ticket}${query}`);
	const messages: string[] = [];
	socket.on("message", (data) => messages.push(String(data)));
	const closed = new Promise<number>((resolve) => socket.once("close", resolve));
	await expect.poll(() => messages[0]).toContain("connected");
	return { socket, messages, closed };
}

describe("a channel that holds WebSockets", () => {
	it("sleeps while they are open and ping, and reaches each with the next event", async () => {
		const channel = "sleepy";
		const sockets = await Promise.all(Array.from({ length: 20 }, (_, index) => open(channel, `user-${index}`)));
		const pings = setInterval(() => sockets[0]?.socket.send('{"type":"ping"}'), 500);
		await wait(IDLE_MILLISECONDS);
		clearInterval(pings);
		expect(sockets[0]?.messages.filter((message) => message === '{"type":"pong"}').length).toBeGreaterThan(20);
		expect(await made(channel)).toBe(1);
		await publish({ url }, channel, { data: "after" });
		expect(await made(channel)).toBe(2);
		for (const { messages } of sockets) await expect.poll(() => messages.at(-1)).toContain("after");
		expect(await subscribersOf({ url }, channel)).toBe(20);
		for (const { socket, closed } of sockets) {
			socket.close(3000);
			expect(await closed).toBe(3000);
		}
	});

	it("is woken by the end of one of them, and tells the others who has gone", async () => {
		const channel = "dozing";
		const leaving = await open(channel, "alice");
		const staying = await open(channel, "bob", "&presence=1");
		await wait(IDLE_MILLISECONDS);
		expect(await made(channel)).toBe(1);
		leaving.socket.close(1000);
		expect(await leaving.closed).toBe(1000);
		await expect.poll(() => staying.messages.at(-1)).toMatch(/"presence".*"user":"alice","state":"offline"/);
		expect(await made(channel)).toBe(2);
		expect(await subscribersOf({ url }, channel)).toBe(1);
		staying.socket.terminate();
		await expect.poll(() => subscribersOf({ url }, channel)).toBe(0);
	});
});
