import { spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { PUBLISH_KEY, type Service, startService, ticketOf } from "./support/servers.ts";

/** Live publishes as they go over a network, and how they break. */

let service: Service;
const open: Socket[] = [];
let channels = 0;

beforeAll(async () => {
	service = await startService();
});

afterAll(() => service.stop());

afterEach(() => {
	for (const socket of open.splice(0)) socket.destroy();
});

function freshChannel(): string {
	channels += 1;
	return `live:${channels}`;
}

/** Begins a live publish, whose body is written by hand. */
function begin(channel: string, framing: string, query = ""): Socket {
	const { hostname, port } = new URL(service.url);
	const socket = connect({ host: hostname, port: Number(port) });
	open.push(socket);
	// What breaks is looked at from the other side.
	socket.on("error", () => undefined);
	const headers = [
		"Host: localhost",
		`Authorization: Bearer ${PUBLISH_KEY}`,
		"Content-Type: text/event-stream",
		framing,
	];
	socket.write(`POST /channels/${channel}/events?live=1${query} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
	return socket;
}

/** The first request waits until the service has started. */
const PATIENTLY = { timeout: 20_000 };

const CHUNKED = "Transfer-Encoding: chunked";

function chunk(data: string): string {
	return `${Buffer.byteLength(data).toString(16)}\r\n${data}\r\n`;
}

async function dataOf(channel: string): Promise<unknown[]> {
	const response = await fetch(`${service.url}/channels/${channel}/events`, {
		headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
	});
	return ((await response.json()) as { data: unknown }[]).map(({ data }) => data);
}

describe("the body of a live publish", () => {
	it("may come with its length", async () => {
		const channel = freshChannel();
		const socket = begin(channel, "Content-Length: 18");
		socket.write("data: 1\n\n");
		await expect.poll(() => dataOf(channel), PATIENTLY).toEqual(["1"]);
		socket.end("data: 2\n\n");
		expect(await text(socket)).toContain('"events":2');
	});

	it.each([
		["is reset", CHUNKED, [chunk("data: 1\n\ndata: 2\n")], (socket: Socket) => socket.resetAndDestroy()],
		["is closed", CHUNKED, [chunk("data: 1\n\ndata: 2\n")], (socket: Socket) => socket.destroy()],
		["ends without its last chunk", CHUNKED, [chunk("data: 1\n\ndata: 2\n")], (socket: Socket) => socket.end()],
		["ends within a chunk", CHUNKED, [chunk("data: 1\n\n"), "100\r\ndata: 2\n"], (socket: Socket) => socket.end()],
		["ends before its length", "Content-Length: 18", ["data: 1\n\ndata: 2\n"], (socket: Socket) => socket.end()],
		["is no longer HTTP", CHUNKED, [chunk("data: 1\n\ndata: 2\n"), "nonsense\r\n"], () => undefined],
	])(
		"that %s has stored what was complete, and nothing else, and does not end the channel",
		async (_, framing, parts, breakOff) => {
			const channel = freshChannel();
			const socket = begin(channel, framing, "&end=1");
			for (const part of parts) socket.write(part);
			await expect.poll(() => dataOf(channel), PATIENTLY).toEqual(["1"]);
			breakOff(socket);
			const answer = socket.destroyed ? "" : await text(socket);
			// Who can still read is told.
			if (answer !== "") expect(answer).toMatch(/^HTTP\/1.1 400 .*"code":"invalid_request".*"stored":1/s);
			expect(await dataOf(channel)).toEqual(["1"]);
			const response = await fetch(`${service.url}/channels/${channel}`, {
				headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
			});
			expect(await response.json()).toMatchObject({ ended: false });
		},
	);

	it("holds its producer back while the events before are being stored", async () => {
		const channel = freshChannel();
		const socket = begin(channel, CHUNKED);
		const frames = chunk("data: x\n\n".repeat(7000));
		let written = 0;
		for (; written < 200_000; written += 7000) {
			if (!socket.write(frames)) await new Promise((resolve) => socket.once("drain", resolve));
		}
		socket.write("0\r\n\r\n");
		socket.end();
		expect(await text(socket)).toContain(`"events":${written}`);
	});
});

/** Publishes an event, and then leaves the body open. */
const PRODUCER = `
	const [url, key] = process.argv.slice(1);
	const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\\n\\n")) });
	const headers = { Authorization: "Bearer " + key, "Content-Type": "text/event-stream" };
	await fetch(url, { method: "POST", headers, body, duplex: "half" });`;

describe("a producer whose process is killed", () => {
	it("leaves a channel that is abandoned after its lease, and everybody is told, also who comes later", async () => {
		const channel = freshChannel();
		const ticket = await ticketOf(service, PUBLISH_KEY, { user: "alice", channels: [channel] });
		const stream = `${service.url}/events?channel=${channel}&rewind=all&ticket=${ticket}`;
		const reading = (await fetch(stream)).text();
		const path = `/channels/${channel}/events?live=1&end=1&lease=1`;
		const producer = spawn(process.execPath, ["--input-type=module", "-e", PRODUCER, service.url + path, PUBLISH_KEY]);
		await expect.poll(() => dataOf(channel), PATIENTLY).toEqual(["1"]);
		producer.kill("SIGKILL");
		const told = /data: 1\n\n.*event: closing\n.*\ndata: \{"reason":"abandoned","reconnect":false\}\n\n$/s;
		expect(await reading).toMatch(told);
		expect(await (await fetch(stream)).text()).toMatch(told);
	});
});
