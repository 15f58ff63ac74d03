import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { PUBLISH_KEY, Workerd } from "../../scripts/workerd.ts";

const MAX_GROWTH_MEGABYTES = 16;

let server: Workerd;

beforeAll(async () => {
	// What is stored does not count.
	server = await Workerd.start({ REPLAY_EVENTS: "10" }, { built: inject("built") });
});

afterAll(() => server.stop());

/** Sends so many events as fast as they are taken. */
async function flood(channel: string, events: number): Promise<void> {
	const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
	const headers = ["Host: localhost", `Authorization: Bearer ${PUBLISH_KEY}`, "Content-Type: text/event-stream"];
	const framing = ["Transfer-Encoding: chunked", "Connection: close", "", ""];
	socket.write([`POST /channels/${channel}/events?live=1 HTTP/1.1`, ...headers, ...framing].join("\r\n"));
	const answer = text(socket);
	const together = 1000;
	const body = "data:\n\n".repeat(together);
	const chunk = `${body.length.toString(16)}\r\n${body}\r\n`;
	for (let sent = 0; sent < events; sent += together) if (!socket.write(chunk)) await once(socket, "drain");
	socket.write("0\r\n\r\n");
	expect(await answer).toContain(`"events":${events},`);
}

function megabytes(): number {
	return Number(execFileSync("ps", ["-o", "rss=", "-p", String(server.pid)], { encoding: "utf8" })) / 1024;
}

/** The most memory that the process takes meanwhile. */
async function mostDuring(work: Promise<void>): Promise<number> {
	let most = megabytes();
	const watch = setInterval(() => {
		most = Math.max(most, megabytes());
	}, 50);
	await work;
	clearInterval(watch);
	return Math.max(most, megabytes());
}

it("100,000 events in a body take no more memory than half as many", async () => {
	// The heap takes the size that it works with.
	const before = await mostDuring(flood("flood", 50_000));
	const most = await mostDuring(flood("flood", 100_000));
	console.log(`${(most - before).toFixed(1)} MB more than ${before.toFixed(0)} MB`);
	expect(most - before).toBeLessThan(MAX_GROWTH_MEGABYTES);
});
