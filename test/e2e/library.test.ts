import { join } from "node:path";
import { EventSource } from "eventsource";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestHarness } from "wrangler";
import { codeOf, DELIVERY, firstMessage, openStream, send } from "./support/servers.ts";

/** Status and code of what the grants do not hold. */
const DENIED = [403, "insufficient_scope"];
const PUBLISH_KEY = "a-publish-key-of-the-library-users-own";
const server = createTestHarness({
	root: join(import.meta.dirname, "library"),
	workers: [
		{
			configPath: "./wrangler.toml",
			secrets: {
				PUBLISH_KEYS: PUBLISH_KEY,
				TICKET_SECRET: "a-ticket-secret-of-the-library-users-own",
				HEARTBEAT_SECONDS: "1",
				DELIVERY,
			},
		},
		{ configPath: "./backend.toml" },
	],
});
let url = "";
/** Where tidings is mounted. */
let sse = "";

beforeAll(async () => {
	url = (await server.listen()).url.origin;
	sse = `${url}/sse`;
});

afterAll(() => server.close());

async function seen(): Promise<string[]> {
	return (await (await fetch(`${url}/seen`)).json()) as string[];
}

function fromBackend(body: object): Promise<Response> {
	return server
		.getWorker("backend")
		.fetch("http://backend/", { method: "POST", body: JSON.stringify(body) }) as unknown as Promise<Response>;
}

describe("tidings mounted in another app", () => {
	it("serves its routes below its path, and leaves the others alone", async () => {
		expect(await (await fetch(`${url}/`)).text()).toBe("the user's own page");
		expect(await (await fetch(`${url}/sse/health`)).json()).toEqual({ status: "healthy" });
		expect((await fetch(`${url}/health`)).status).toBe(404);
		expect(await codeOf(await fetch(`${url}/sse/events`, { method: "POST" }))).toEqual([405, "method_not_allowed"]);
	});

	it("needs no identity provider when it has an `authenticate` hook, and streams to whom it knows", async () => {
		const stream = firstMessage(sse, "vera+chat:*", "chat:1");
		await stream.connected;
		expect((await send(sse, "/channels/chat:1", PUBLISH_KEY, { data: "hello" })).status).toBe(201);
		expect(await stream.message).toBe("hello");
		stream.leave();
	});
});

describe("rules for channels", () => {
	async function rulesOf(channel: string): Promise<unknown> {
		const response = await fetch(`${sse}/channels/${channel}`, { headers: { Authorization: `Bearer ${PUBLISH_KEY}` } });
		return ((await response.json()) as { rules: unknown }).rules;
	}

	it("may be tables in wrangler.toml, before those of the code", async () => {
		expect(await rulesOf("board:1")).toMatchObject({ match: "board:*", anonymous: true, replayEvents: 20_000 });
		expect(await rulesOf("chat:short:1")).toMatchObject({ maxEventBytes: 10, replayEvents: 100, delivery: DELIVERY });
		expect(await rulesOf("chat:1")).toMatchObject({ match: "chat:*", maxEventBytes: 65_536, replayEvents: 7 });
		expect(await codeOf(await send(sse, "/channels/chat:short:1", PUBLISH_KEY, { data: "12345678901" }))).toEqual([
			413,
			"payload_too_large",
		]);
	});

	it("may let a bare EventSource read without credentials", async () => {
		const source = new EventSource(`${sse}/events?channel=board:1`);
		const connected = new Promise<MessageEvent>((resolve) => source.addEventListener("connected", resolve));
		const message = new Promise<MessageEvent>((resolve) => source.addEventListener("message", resolve));
		expect(JSON.parse((await connected).data)).toMatchObject({ user: expect.stringMatching(/^anonymous:/) });
		await send(sse, "/channels/board:1", PUBLISH_KEY, { data: "for everybody" });
		expect((await message).data).toBe("for everybody");
		source.close();
		expect(await codeOf(await fetch(`${sse}/events?channel=chat:1`))).toEqual([401, "missing_token"]);
	});
});

describe("the hooks", () => {
	it("`authenticate` turns away whom it does not know, and everybody when it throws", async () => {
		expect(await codeOf(await openStream(sse, "nobody", "chat:1"))).toEqual([401, "invalid_token"]);
		expect(await codeOf(await openStream(sse, "broken", "chat:1"))).toEqual([401, "invalid_token"]);
	});

	it("`authorizeSubscribe` narrows the grants, and denies when it throws", async () => {
		expect(await codeOf(await openStream(sse, "banned+chat:*", "chat:1"))).toEqual(DENIED);
		expect(await codeOf(await openStream(sse, "vera+chat:*", "chat:broken"))).toEqual(DENIED);
		expect(await codeOf(await openStream(sse, "vera+chat:*", "orders"))).toEqual(DENIED);
	});

	it("`authorizePublish` narrows the grants of keys and tokens, and denies when it throws", async () => {
		expect((await send(sse, "/channels/chat:2", "vera", { data: 1 })).status).toBe(201);
		expect(await codeOf(await send(sse, "/channels/chat:2", "banned", { data: 1 }))).toEqual(DENIED);
		expect(await codeOf(await send(sse, "/channels/orders", "vera", { data: 1 }))).toEqual(DENIED);
		expect(await codeOf(await send(sse, "/channels/locked", PUBLISH_KEY, { data: 1 }))).toEqual(DENIED);
		expect(await codeOf(await send(sse, "/channels/chat:broken", PUBLISH_KEY, { data: 1 }))).toEqual(DENIED);
	});

	it("`onConnect` and `onDisconnect` are told once each, and change nothing when they throw", async () => {
		const stream = firstMessage(sse, "olga+chat:*", "chat:observer-broken");
		await stream.connected;
		await send(sse, "/channels/chat:observer-broken", PUBLISH_KEY, { data: "still here" });
		expect(await stream.message).toBe("still here");
		stream.leave();
		const ofOlga = async () => (await seen()).filter((what) => what.startsWith("olga"));
		await expect
			.poll(ofOlga, { timeout: 5000 })
			.toEqual(["olga joined chat:observer-broken", "olga left chat:observer-broken: client_left"]);
	});
});

describe("another Worker with a service binding", () => {
	it("publishes to a channel without HTTP or key", async () => {
		const stream = firstMessage(sse, "vera+chat:*", "chat:3");
		await stream.connected;
		const response = await fromBackend({ channel: "chat:3", events: [{ data: "from inside" }, { data: 2 }] });
		expect(await response.json()).toEqual({
			channel: "chat:3",
			ids: [expect.any(String), expect.any(String)],
			subscribers: 1,
		});
		expect(await stream.message).toBe("from inside");
		stream.leave();
	});

	it("publishes what a stream brings, and ends the channel with it", async () => {
		const stream = firstMessage(sse, "vera+chat:*", "chat:6");
		await stream.connected;
		const pieces = ["data: from ", "inside\n", "\ndata: and more\n\n"];
		expect(await (await fromBackend({ channel: "chat:6", pieces })).json()).toEqual({
			channel: "chat:6",
			first: expect.any(String),
			last: expect.any(String),
			events: 2,
			subscribers: expect.any(Number),
		});
		expect(await stream.message).toBe("from inside");
		stream.leave();
		expect(await codeOf(await send(sse, "/channels/chat:6", "vera", { data: 1 }))).toEqual([409, "channel_ended"]);
	});

	it("goes on with a stream that broke off when it is sent again under the same key", async () => {
		const pieces = ["data: a\n\n", "data: b\n\n", "data: c\n\n"];
		const again = { channel: "chat:8", idempotencyKey: "answer-8" };
		await fromBackend({ ...again, pieces: pieces.slice(0, 1), breaksOff: true });
		expect(await (await fromBackend({ ...again, pieces })).json()).toMatchObject({ events: 3 });
		const headers = { Authorization: `Bearer ${PUBLISH_KEY}` };
		const remembered = await (await fetch(`${sse}/channels/chat:8/events`, { headers })).json();
		expect(remembered).toMatchObject([{ data: "a" }, { data: "b" }, { data: "c" }]);
	});

	it("leaves the end of the channel to its lease where a stream breaks off", async () => {
		const response = await fromBackend({ channel: "chat:7", pieces: ["data: a\n\n"], breaksOff: true });
		expect(await response.json()).toMatchObject({ message: expect.stringContaining("The stream broke off.") });
		expect((await send(sse, "/channels/chat:7", "vera", { data: 1 })).status).toBe(201);
		const ended = async () => codeOf(await send(sse, "/channels/chat:7", "vera", { data: 1 }));
		await expect.poll(ended, { timeout: 10_000, interval: 500 }).toEqual([409, "channel_ended"]);
	});

	it("publishes to a user", async () => {
		const stream = firstMessage(sse, "vera|1", "user:vera~7C1");
		await stream.connected;
		expect(await (await fromBackend({ user: "vera|1", events: [{ data: "for you" }] })).json()).toMatchObject({
			channel: "user:vera~7C1",
			subscribers: 1,
		});
		expect(await stream.message).toBe("for you");
		stream.leave();
	});

	it.each([
		"Map",
		"Set",
		"ArrayBuffer",
		"Uint8Array",
		"RegExp",
		"Error",
		"invalid Date",
		"NaN",
		"Infinity",
		"-0",
		"bigint",
		"undefined",
		"hole",
		"circle",
		"function",
		"Request",
		"Response",
		"Headers",
		"ReadableStream",
		"Blob",
	])("cannot publish what JSON would change in silence, as %s", async (value) => {
		const { message } = (await (await fromBackend({ channel: "chat:4", value })).json()) as { message: string };
		expect(message).toMatch(/^invalid_event: .*`data\.list\.0/);
	});

	it("can publish a date, which is written as a text", async () => {
		const stream = firstMessage(sse, "vera+chat:*", "chat:5");
		await stream.connected;
		expect((await fromBackend({ channel: "chat:5", value: "Date" })).status).toBe(201);
		expect(await stream.message).toBe('{"list":["1970-01-01T00:00:00.000Z"]}');
		stream.leave();
	});

	it("is told what is wrong, by code", async () => {
		for (const [body, code] of [
			[{ channel: "a b", events: [{ data: 1 }] }, "invalid_channel"],
			[{ channel: "chat:3", events: [{ type: "gap", data: 1 }] }, "invalid_event"],
			[{ channel: "chat:3", events: [] }, "invalid_event"],
			[{ channel: "locked", events: [{ data: 1 }] }, "insufficient_scope"],
			[{ channel: "chat:3", events: [{ data: 1 }], conditions: { ifHead: "1" } }, "head_moved"],
		] as const) {
			const { message } = (await (await fromBackend(body)).json()) as { message: string };
			expect(message).toContain(code);
		}
	});
});
