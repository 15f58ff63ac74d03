import { EventSource } from "eventsource";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CuttableProxy } from "./support/cuttable-proxy.ts";
import { PUBLISH_KEY, publish, type Service, startService, ticketOf, tokenOf } from "./support/servers.ts";

let service: Service;

beforeAll(async () => {
	service = await startService({ RETRY_MILLISECONDS: "50", HEARTBEAT_SECONDS: "1", REPLAY_EVENTS: "5" });
});

afterAll(() => service.stop());

/** What an EventSource has received, and a promise for when it has as much as a test waits for. */
function collect(source: EventSource, type: string) {
	const received: MessageEvent[] = [];
	source.addEventListener(type, (event) => received.push(event));
	const next = () => new Promise((resolve) => source.addEventListener(type, resolve, { once: true }));
	return {
		received,
		async reach(count: number): Promise<void> {
			while (received.length < count) await next();
		},
	};
}

describe("an EventSource", () => {
	it("that is cut off comes back with its Last-Event-ID and has missed nothing", async () => {
		const proxy = await CuttableProxy.to(service.url);
		const ticket = await ticketOf(service, await tokenOf(service, "alice"), { resumable: true });
		const source = new EventSource(`${proxy.url}/events?channel=orders&ticket=${ticket}`);
		const connected = collect(source, "connected");
		const orders = collect(source, "order");
		await connected.reach(1);

		const ids = await publish(service, "orders", [
			{ type: "order", data: 1 },
			{ type: "order", data: 2 },
		]);
		await orders.reach(2);
		proxy.cut();
		ids.push(...(await publish(service, "orders", { type: "order", data: 3 })));
		ids.push(...(await publish(service, "orders", { type: "order", data: 4 })));
		proxy.mend();
		await connected.reach(2);
		ids.push(...(await publish(service, "orders", { type: "order", data: 5 })));
		await orders.reach(5);

		expect(orders.received.map(({ data }) => Number(data))).toEqual([1, 2, 3, 4, 5]);
		expect(orders.received.map(({ lastEventId }) => lastEventId)).toEqual(ids);
		expect(connected.received.map(({ data }) => JSON.parse(data).resumed)).toEqual([false, true]);
		source.close();
		await proxy.stop();
	});

	it("is moved past what was withheld by a heartbeat, and is told of no gap when that was forgotten", async () => {
		const proxy = await CuttableProxy.to(service.url);
		const ticket = await ticketOf(service, await tokenOf(service, "alice"), { resumable: true });
		const source = new EventSource(`${proxy.url}/events?channel=chat:withheld&type=order&ticket=${ticket}`);
		const connected = collect(source, "connected");
		const heartbeats = collect(source, "heartbeat");
		const gaps = collect(source, "gap");
		const orders = collect(source, "order");
		await connected.reach(1);
		const ids = await publish(service, "chat:withheld", new Array(20).fill({ type: "note", data: "x" }));
		await heartbeats.reach(1);
		expect(heartbeats.received[0]).toMatchObject({ lastEventId: ids.at(-1), data: "{}" });
		proxy.cut();
		proxy.mend();
		await connected.reach(2);
		await publish(service, "chat:withheld", { type: "order", data: 1 });
		await orders.reach(1);
		expect(gaps.received).toEqual([]);
		expect(connected.received.map(({ data }) => JSON.parse(data).resumed)).toEqual([false, true]);
		source.close();
		await proxy.stop();
	});

	it("sends its token in a header where its client lets it", async () => {
		const token = await tokenOf(service, "bob");
		const source = new EventSource(`${service.url}/events?channel=public:news`, {
			fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } }),
		});
		const messages = collect(source, "message");
		await collect(source, "connected").reach(1);
		await publish(service, "public:news", { data: "hello\nworld" });
		await messages.reach(1);
		expect(messages.received[0]?.data).toBe("hello\nworld");
		source.close();
	});

	it("is told off for good when it may not be there", async () => {
		const ticket = await ticketOf(service, await tokenOf(service, "bob"));
		const source = new EventSource(`${service.url}/events?channel=secrets&ticket=${ticket}`);
		const code = await new Promise((resolve) => source.addEventListener("error", (error) => resolve(error.code)));
		expect(code).toBe(403);
		expect(source.readyState).toBe(EventSource.CLOSED);
	});
});

describe("the demo users", () => {
	it.each([
		["demo", "anything", 200],
		["alice", "orders", 200],
		["alice", "chat:1", 200],
		["alice", "secrets", 403],
		["bob", "orders", 403],
		["bob", "user:bob", 200],
		["bob", "public:news", 200],
		["demo", "user:bob", 403],
	])("%s opening %s gets %i", async (user, channel, status) => {
		const abort = new AbortController();
		const headers = { Authorization: `Bearer ${await tokenOf(service, user)}` };
		const response = await fetch(`${service.url}/events?channel=${channel}`, { headers, signal: abort.signal });
		expect(response.status).toBe(status);
		abort.abort();
	});

	it("get no token with a wrong password", async () => {
		const response = await fetch(`${service.issuerUrl}/login`, {
			method: "POST",
			headers: { "Content-Type": "application/json" },
			body: '{"username":"demo","password":"wrong"}',
		});
		expect(response.status).toBe(401);
	});

	it("have nothing to do with the publish key, which is for backends", async () => {
		const headers = { Authorization: `Bearer ${await tokenOf(service, "demo")}` };
		expect((await fetch(`${service.url}/channels/orders`, { headers })).status).toBe(403);
		const backend = { Authorization: `Bearer ${PUBLISH_KEY}` };
		expect((await fetch(`${service.url}/channels/orders`, { headers: backend })).status).toBe(200);
	});
});
