import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createPublisher, TidingsError } from "../../src/client/publish.ts";
import { PUBLISH_KEY, type Service, startService } from "./support/servers.ts";

const RECEIPT = { channel: "orders", ids: ["1"], subscribers: 0 };

let service: Service;
const doubles: Server[] = [];

beforeAll(async () => {
	service = await startService();
});

afterAll(() => service.stop());

afterEach(() => {
	for (const double of doubles.splice(0)) double.close();
});

/** A service that answers as it is told, the last answer again and again; and the headers of what it was asked. */
async function double(...answers: { status: number; headers?: Record<string, string> }[]) {
	const asked: IncomingHttpHeaders[] = [];
	const server = createServer((request, response) => {
		const { status, headers } = answers[Math.min(asked.length, answers.length - 1)] ?? { status: 500 };
		asked.push(request.headers);
		request.resume().on("end", () => response.writeHead(status, headers).end(JSON.stringify(RECEIPT)));
	}).listen(0, "127.0.0.1");
	doubles.push(server);
	await once(server, "listening");
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	return { asked, publisher: createPublisher({ url, key: PUBLISH_KEY }) };
}

async function buffered(channel: string): Promise<unknown[]> {
	const headers = { Authorization: `Bearer ${PUBLISH_KEY}` };
	return (await (await fetch(`${service.url}/channels/${channel}/events`, { headers })).json()) as unknown[];
}

describe("a publisher", () => {
	it("publishes an event, or a batch, to a channel", async () => {
		const publisher = createPublisher({ url: `${service.url}/`, key: PUBLISH_KEY });
		const one = await publisher.publish("orders", { type: "paid", data: { id: 7 } });
		expect(one).toEqual({ channel: "orders", ids: [expect.stringMatching(/^\d+$/)], subscribers: 0 });
		const { ids } = await publisher.publish("orders", [{ data: "a" }, { data: "b" }]);
		expect(await buffered("orders")).toMatchObject([{ id: one.ids[0], type: "paid" }, { id: ids[0] }, { id: ids[1] }]);
	});

	it("publishes to a user, whatever the subject is made of", async () => {
		const publisher = createPublisher({ url: new URL(service.url), key: PUBLISH_KEY });
		const { channel } = await publisher.publishToUser("auth0|a/b", { data: "Yours." });
		expect(channel).toBe("user:auth0~7Ca~2Fb");
	});

	it("stores nothing twice under one key, and nothing at all past another's event", async () => {
		const publisher = createPublisher({ url: service.url, key: PUBLISH_KEY });
		const first = await publisher.publish("once", { data: 1 }, { idempotencyKey: "order-7" });
		expect(await publisher.publish("once", { data: 1 }, { idempotencyKey: "order-7" })).toEqual(first);
		expect(await buffered("once")).toHaveLength(1);
		await publisher.publish("once", { data: 2 }, { ifHead: first.ids[0] ?? "" });
		const late = publisher.publish("once", { data: 3 }, { ifHead: first.ids[0] ?? "" });
		await expect(late).rejects.toMatchObject({ status: 412, code: "head_moved" });
	});

	it("says what the service says of a refusal, and does not try again", async () => {
		const { publisher, asked } = await double({ status: 403 });
		await expect(publisher.publish("orders", { data: 1 })).rejects.toBeInstanceOf(TidingsError);
		expect(asked).toHaveLength(1);
		const stranger = createPublisher({ url: service.url, key: "not-a-key-of-this-service-0123456789" });
		await expect(stranger.publish("orders", { data: 1 })).rejects.toMatchObject({ status: 401, code: "invalid_token" });
	});

	it("tries again when the service is busy, and it is the same publish", async () => {
		const { publisher, asked } = await double({ status: 503 }, { status: 500 }, { status: 201 });
		expect(await publisher.publish("orders", { data: 1 })).toEqual(RECEIPT);
		expect(asked).toHaveLength(3);
		expect(new Set(asked.map((headers) => headers["idempotency-key"])).size).toBe(1);
		await publisher.publish("orders", { data: 2 });
		expect(asked.at(-1)?.["idempotency-key"]).not.toBe(asked[0]?.["idempotency-key"]);
	});

	it("waits as long as it is asked to", async () => {
		const { publisher } = await double({ status: 429, headers: { "Retry-After": "1" } }, { status: 201 });
		const startedAt = Date.now();
		await publisher.publish("orders", { data: 1 });
		expect(Date.now() - startedAt).toBeGreaterThanOrEqual(990);
	});

	it("gives up after five attempts, and at once where it would have to wait for long", async () => {
		const down = await double({ status: 503 });
		await expect(down.publisher.publish("orders", { data: 1 })).rejects.toMatchObject({ status: 503 });
		expect(down.asked).toHaveLength(5);
		const closed = await double({ status: 503, headers: { "Retry-After": "3600" } });
		await expect(closed.publisher.publish("orders", { data: 1 })).rejects.toMatchObject({ retryAfter: 3_600_000 });
		expect(closed.asked).toHaveLength(1);
	});

	it("gives up when it is told to, also while it waits", async () => {
		const { publisher } = await double({ status: 503, headers: { "Retry-After": "20" } });
		const abort = new AbortController();
		const publish = publisher.publish("orders", { data: 1 }, { signal: abort.signal });
		setTimeout(() => abort.abort(new Error("never mind")), 200);
		await expect(publish).rejects.toThrow("never mind");
		await expect(publisher.publish("orders", { data: 1 }, { signal: abort.signal })).rejects.toThrow("never mind");
	});

	it("says that the service cannot be reached", async () => {
		const publisher = createPublisher({ url: "http://127.0.0.1:9", key: PUBLISH_KEY });
		await expect(publisher.publish("orders", { data: 1 })).rejects.toBeInstanceOf(TypeError);
	});
});
