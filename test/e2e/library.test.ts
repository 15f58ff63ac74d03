import { join } from "node:path";
import { EventSource } from "eventsource";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestHarness } from "wrangler";
import { DELIVERY } from "./support/servers.ts";

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

beforeAll(async () => {
	url = (await server.listen()).url.origin;
});

afterAll(() => server.close());

function subscribe(token: string, channel: string): Promise<Response> {
	return fetch(`${url}/sse/events?channel=${channel}&token=${encodeURIComponent(token)}`);
}

async function codeOf(response: Response): Promise<[number, string]> {
	return [response.status, ((await response.json()) as { code: string }).code];
}

function publish(channel: string, credential: string, data: unknown): Promise<Response> {
	return fetch(`${url}/sse/channels/${channel}/events`, {
		method: "POST",
		headers: { Authorization: `Bearer ${credential}`, "Content-Type": "application/json" },
		body: JSON.stringify({ data }),
	});
}

async function seen(): Promise<string[]> {
	return (await (await fetch(`${url}/seen`)).json()) as string[];
}

function fromBackend(body: object): Promise<Response> {
	return server
		.getWorker("backend")
		.fetch("http://backend/", { method: "POST", body: JSON.stringify(body) }) as unknown as Promise<Response>;
}

/** The first message of a stream, and a way to leave. */
function firstMessage(token: string, channel: string) {
	const source = new EventSource(`${url}/sse/events?channel=${channel}&token=${encodeURIComponent(token)}`);
	const connected = new Promise((resolve) => source.addEventListener("connected", resolve, { once: true }));
	const message = new Promise<string>((resolve) =>
		source.addEventListener("message", ({ data }) => resolve(data), { once: true }),
	);
	return { connected, message, leave: () => source.close() };
}

describe("tidings mounted in another app", () => {
	it("serves its routes below its path, and leaves the others alone", async () => {
		expect(await (await fetch(`${url}/`)).text()).toBe("the user's own page");
		expect(await (await fetch(`${url}/sse/health`)).json()).toEqual({ status: "healthy" });
		expect((await fetch(`${url}/health`)).status).toBe(404);
		expect(await codeOf(await fetch(`${url}/sse/events`, { method: "POST" }))).toEqual([405, "method_not_allowed"]);
	});

	it("needs no identity provider when it has an `authenticate` hook, and streams to whom it knows", async () => {
		const stream = firstMessage("vera+chat:*", "chat:1");
		await stream.connected;
		expect((await publish("chat:1", PUBLISH_KEY, "hello")).status).toBe(201);
		expect(await stream.message).toBe("hello");
		stream.leave();
	});
});

describe("the hooks", () => {
	it("`authenticate` turns away whom it does not know, and everybody when it throws", async () => {
		expect(await codeOf(await subscribe("nobody", "chat:1"))).toEqual([401, "invalid_token"]);
		expect(await codeOf(await subscribe("broken", "chat:1"))).toEqual([401, "invalid_token"]);
	});

	it("`authorizeSubscribe` narrows the grants, and denies when it throws", async () => {
		expect(await codeOf(await subscribe("banned+chat:*", "chat:1"))).toEqual([403, "insufficient_scope"]);
		expect(await codeOf(await subscribe("vera+chat:*", "chat:broken"))).toEqual([403, "insufficient_scope"]);
		expect(await codeOf(await subscribe("vera+chat:*", "orders"))).toEqual([403, "insufficient_scope"]);
	});

	it("`authorizePublish` narrows the grants of keys and tokens, and denies when it throws", async () => {
		expect((await publish("chat:2", "vera", 1)).status).toBe(201);
		expect(await codeOf(await publish("chat:2", "banned", 1))).toEqual([403, "insufficient_scope"]);
		expect(await codeOf(await publish("orders", "vera", 1))).toEqual([403, "insufficient_scope"]);
		expect(await codeOf(await publish("locked", PUBLISH_KEY, 1))).toEqual([403, "insufficient_scope"]);
		expect(await codeOf(await publish("chat:broken", PUBLISH_KEY, 1))).toEqual([403, "insufficient_scope"]);
	});

	it("`onConnect` and `onDisconnect` are told once each, and change nothing when they throw", async () => {
		const stream = firstMessage("olga+chat:*", "chat:observer-broken");
		await stream.connected;
		await publish("chat:observer-broken", PUBLISH_KEY, "still here");
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
		const stream = firstMessage("vera+chat:*", "chat:3");
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

	it("publishes to a user", async () => {
		const stream = firstMessage("vera|1", "user:vera~7C1");
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
		const stream = firstMessage("vera+chat:*", "chat:5");
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
