import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { expect, inject, it } from "vitest";
import { PUBLISH_KEY, Workerd } from "../../scripts/workerd.ts";

const LANES = 4;
const CHANNELS_PER_LANE = 10;
/** Of each channel's body; the next request sends all of it. */
const CUTS = 5;
const EVENTS = 40;
const MAX_LIFE_MILLISECONDS = 400;

const random = (below: number) => Math.floor(Math.random() * below);

/** Begins a live publish. The service may be down. */
async function begin({ url }: Workerd, channel: string): Promise<Socket> {
	const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port), allowHalfOpen: true });
	await once(socket, "connect");
	socket.on("error", () => undefined);
	const headers = [
		"Host: localhost",
		`Authorization: Bearer ${PUBLISH_KEY}`,
		"Content-Type: text/event-stream",
		`Idempotency-Key: ${channel}`,
		"Transfer-Encoding: chunked",
		"Connection: close",
	];
	socket.write(`POST /channels/${channel}/events?live=1&end=1&lease=600 HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
	return socket;
}

/** Writes a part of a body in pieces of any size, as chunks of HTTP. */
async function write(socket: Socket, body: Buffer): Promise<void> {
	for (let at = 0; at < body.byteLength; ) {
		const piece = body.subarray(at, at + 1 + random(300));
		socket.write(`${piece.byteLength.toString(16)}\r\n`);
		socket.write(piece);
		socket.write("\r\n");
		at += piece.byteLength;
		if (random(4) === 0) await wait(random(5));
	}
}

/** Sends a body up to any byte, and breaks off in any way. */
async function cut(server: Workerd, channel: string, body: Buffer): Promise<void> {
	try {
		const socket = await begin(server, channel);
		await write(socket, body.subarray(0, random(body.byteLength + 1)));
		await wait(random(10));
		if (random(3) === 0) socket.end();
		else if (random(2) === 0) socket.destroy();
		else socket.resetAndDestroy();
	} catch {
		// The service is down.
	}
}

/** Sends a body until it is answered. */
async function sendAll(server: Workerd, channel: string, body: Buffer): Promise<void> {
	for (;;) {
		try {
			const socket = await begin(server, channel);
			await write(socket, body);
			socket.end("0\r\n\r\n");
			const answer = await text(socket);
			if (/^HTTP\/1.1 201 /.test(answer) && answer.includes(`"events":${EVENTS},`)) return;
			if (/^HTTP\/1.1 4/.test(answer)) throw new RefusedError(answer);
		} catch (error) {
			if (error instanceof RefusedError) throw error;
			// The service was killed.
		}
		await wait(20);
	}
}

class RefusedError extends Error {}

async function ask(server: Workerd, path: string): Promise<unknown> {
	return await (await fetch(`${server.url}${path}`, { headers: { Authorization: `Bearer ${PUBLISH_KEY}` } })).json();
}

it("stores each event once when bodies are cut at any byte 200 times and sent again, and the process is killed meanwhile", async () => {
	const server = await Workerd.start({}, { built: inject("built") });
	try {
		const sent = new Map<string, string[]>();
		const lane = async (number: number) => {
			for (let index = 0; index < CHANNELS_PER_LANE; index += 1) {
				const channel = `cut:${number}-${index}`;
				const data = Array.from({ length: EVENTS }, (_, event) => `${event} é😀 ${"x".repeat(random(60))}`);
				sent.set(channel, data);
				const end = ["\n", "\r\n", "\r"][random(3)];
				const body = Buffer.from(data.map((each) => `data: ${each}${end}${end}`).join(""));
				for (let cuts = 0; cuts < CUTS; cuts += 1) await cut(server, channel, body);
				await sendAll(server, channel, body);
			}
		};
		let isDone = false;
		let kills = 0;
		const lanes = Promise.all(Array.from({ length: LANES }, (_, number) => lane(number))).finally(() => {
			isDone = true;
		});
		while (!isDone) {
			await Promise.race([wait(random(MAX_LIFE_MILLISECONDS)), lanes]);
			if (isDone) break;
			await server.kill();
			await server.restart();
			kills += 1;
		}
		await lanes;
		for (const [channel, data] of sent) {
			const stored = (await ask(server, `/channels/${channel}/events?limit=1000`)) as { data: string }[];
			expect(stored.map((event) => event.data)).toEqual(data);
			expect(await ask(server, `/channels/${channel}`)).toMatchObject({ ended: true });
		}
		console.log(`${sent.size * CUTS} cuts, ${kills} kills`);
		expect(kills).toBeGreaterThan(3);
	} finally {
		await server.stop();
	}
});
