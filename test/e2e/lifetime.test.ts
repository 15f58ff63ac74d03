import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readUntil, SseReader } from "../support/sse.ts";
import { PUBLISH_KEY, publish, type Service, startService, subscribersOf, ticketOf } from "./support/servers.ts";

let service: Service;

beforeAll(async () => {
	service = await startService({ HEARTBEAT_SECONDS: "1" });
});

afterAll(() => service.stop());

async function open(channel: string, ticket: string, query = ""): Promise<Response> {
	return await fetch(`${service.url}/events?channel=${channel}&ticket=${ticket}${query}`);
}

describe("a silent stream", () => {
	it("is kept alive by comments", async () => {
		const ticket = await ticketOf(service, PUBLISH_KEY, { user: "a", channels: ["quiet"] });
		const text = await readUntil(await open("quiet", ticket), /:\n:\n/);
		expect(text).toMatch(/\n\n:\n:\n$/);
	});

	it("moves its cursor past events that were withheld from it", async () => {
		const ticket = await ticketOf(service, PUBLISH_KEY, { user: "a", channels: ["withheld"] });
		const response = await open("withheld", ticket, "&type=wanted");
		const [id] = await publish(service, "withheld", { type: "unwanted", data: 1 });
		const text = await readUntil(response, `\n\nevent: heartbeat\nid: ${id}\ndata: {}\n\n`);
		expect(text).not.toContain("unwanted");
	});
});

describe("a stream whose credentials end", () => {
	it("is warned, told why, and ended, and its client may come back", async () => {
		const ticket = await ticketOf(service, PUBLISH_KEY, { user: "a", channels: ["ending"], streamFor: 2 });
		const opened = Date.now();
		const response = await open("ending", ticket);
		const frames = await new SseReader(response).rest();
		const lived = Date.now() - opened;
		expect(frames.map(({ event }) => event)).toEqual(["connected", "expiring", "closing"]);
		const [connected, expiring, closing] = frames.map(({ data }) => JSON.parse(data));
		expect(expiring).toEqual({ expires: connected.expires });
		expect(closing).toEqual({ reason: "token_expired", reconnect: true });
		expect(lived).toBeGreaterThan(1500);
		expect(lived).toBeLessThan(4000);
	});
});

describe("a client that vanishes", () => {
	it("is no longer counted after two heartbeats", async () => {
		const ticket = await ticketOf(service, PUBLISH_KEY, { user: "a", channels: ["vanishing"] });
		const abort = new AbortController();
		await fetch(`${service.url}/events?channel=vanishing&ticket=${ticket}`, { signal: abort.signal });
		expect(await subscribersOf(service, "vanishing")).toBe(1);
		abort.abort();
		await expect.poll(() => subscribersOf(service, "vanishing"), { timeout: 5000 }).toBe(0);
	});
});
