import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket as WsSocket } from "ws";
import { hasChromium, launchChromium } from "./support/chromium.ts";
import { logIn, publish, type Service, startService, subscribersOf } from "./support/servers.ts";

let service: Service;
let token = "";

beforeAll(async () => {
	service = await startService({ HEARTBEAT_SECONDS: "1" });
	token = await logIn(service, "alice");
});

afterAll(() => service.stop());

interface Message {
	type: string;
	data?: unknown;
	id?: string;
}

/** What a client does, with whichever WebSocket it has: subscribes, gets an event, pings, and leaves. */
async function converse(url: string, auth: object, Socket: typeof WebSocket, publish: () => Promise<unknown>) {
	const socket = new Socket(url, "tidings");
	const messages: Message[] = [];
	await new Promise<void>((resolve, reject) => {
		socket.onerror = () => reject(new Error("The WebSocket failed."));
		socket.onopen = () => socket.send(JSON.stringify(auth));
		socket.onmessage = ({ data }) => {
			const message = JSON.parse(String(data)) as Message;
			if (message.type === "heartbeat") return;
			messages.push(message);
			if (message.type === "connected") void publish();
			if (message.type === "event") socket.send('{"type":"ping"}');
			if (message.type === "pong") resolve();
		};
	});
	const { protocol } = socket;
	socket.close();
	return { protocol, messages };
}

describe.each([
	["the `ws` package", WsSocket as unknown as typeof WebSocket],
	["Node's own WebSocket", WebSocket],
])("%s", (_, Socket) => {
	it("subscribes to several channels, gets events, and pings", async () => {
		const channels = [`chat:${crypto.randomUUID()}`, `chat:${crypto.randomUUID()}`];
		const url = `${service.url.replace("http", "ws")}/ws`;
		const { protocol, messages } = await converse(url, { type: "auth", token, channels }, Socket, () =>
			publish(service, channels[1] ?? "", { data: { n: 1 } }),
		);
		expect(protocol).toBe("tidings");
		expect(messages).toEqual([
			expect.objectContaining({ type: "connected", channels: channels.sort() }),
			expect.objectContaining({ type: "event", event: "message", data: { n: 1 } }),
			{ type: "pong" },
		]);
		await expect.poll(() => subscribersOf(service, channels[0] ?? "")).toBe(0);
	});
});

describe.skipIf(!hasChromium)("Chromium's WebSocket", () => {
	it("subscribes, and gets what is published", async () => {
		const browser = await launchChromium();
		const page = await browser.newPage();
		const channel = `chat:${crypto.randomUUID()}`;
		await page.goto(`${service.url}/health`);
		await page.evaluate(
			([url, auth]) => {
				const socket = new WebSocket(url, "tidings");
				const messages: unknown[] = [];
				Object.assign(window, { messages });
				socket.onopen = () => socket.send(auth);
				socket.onmessage = ({ data }) => messages.push(JSON.parse(data));
			},
			[
				`${service.url.replace("http", "ws")}/ws`,
				JSON.stringify({ type: "auth", token, channels: [channel] }),
			] as const,
		);
		const messages = () => page.evaluate(() => (window as unknown as { messages: Message[] }).messages);
		await expect.poll(async () => (await messages())[0]?.type).toBe("connected");
		await publish(service, channel, { data: "for a page" });
		await expect.poll(async () => (await messages()).filter(({ type }) => type === "event")).toHaveLength(1);
		await browser.close();
	});
});

describe("a client that says nothing", () => {
	it("is told to say who it is after 10 seconds, and let go", async () => {
		const socket = new WsSocket(`${service.url.replace("http", "ws")}/ws`);
		const [data] = (await once(socket, "message")) as [Buffer];
		expect(JSON.parse(String(data))).toMatchObject({ type: "error", code: "missing_token" });
		const [code] = (await once(socket, "close")) as [number];
		expect(code).toBe(4401);
	});
});
