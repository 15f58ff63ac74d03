import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../src/http/app.ts";

import { TestIssuer } from "../../support/issuer.ts";
import { watchLines } from "../../support/lines.ts";
import { readChannelMetrics } from "../../support/metrics.ts";
import { Producer } from "../../support/producer.ts";
import { call, freshChannel, PUBLISH_KEY, problem, published } from "../../support/service.ts";

let issuer: TestIssuer;

beforeAll(async () => {
	issuer = await TestIssuer.start();
});

afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

function send(
	channel: string,
	body: BodyInit,
	credential = PUBLISH_KEY,
	query = "",
	type = "text/event-stream",
): Promise<Response> {
	return call(`/channels/${channel}/events?live=1${query}`, {
		method: "POST",
		headers: { Authorization: `Bearer ${credential}`, "Content-Type": type },
		body,
	});
}

/** A live publish that has stored its first event. */
async function begun(
	channel: string,
	credential = PUBLISH_KEY,
): Promise<{ producer: Producer; answer: Promise<Response> }> {
	const producer = new Producer();
	const answer = send(channel, producer.body, credential);
	await producer.write("data: 1\n\n");
	await expect.poll(() => env.CHANNEL.getByName(channel).state()).toMatchObject({ buffered: 1 });
	return { producer, answer };
}

describe("live publishes whose events do not get complete", () => {
	it.each([
		["text/event-stream", "data: "],
		["text/event-stream", "data: 1\n"],
		["application/x-ndjson", '{"data":"'],
	])("hold a bounded amount of them together, and leave no trace of it: %s, %j", async (type, begin) => {
		const channel = freshChannel("ruled:huge:");
		const line = `${begin}${begin.endsWith("\n") ? "data: x\n".repeat(90_000) : "x".repeat(700_000)}`;
		const round = async () => {
			const producers = Array.from({ length: 30 }, () => new Producer());
			const answers = producers.map(({ body }) => send(channel, body, PUBLISH_KEY, "", type));
			await Promise.all(producers.map((producer) => producer.write(line).catch(() => undefined)));
			await Promise.all(producers.map((producer) => producer.breakOff().catch(() => undefined)));
			const texts = await Promise.all(answers.map(async (answer) => await (await answer).text()));
			return texts.filter((text) => text.includes('"channel_full"')).length;
		};
		for (const _ of [1, 2]) {
			const refused = await round();
			expect(refused).toBeGreaterThan(0);
			expect(refused).toBeLessThan(15);
		}
		expect((await send(channel, "data: 1\n\n")).status).toBe(201);
	});

	it("may be comments of any number", async () => {
		const channel = freshChannel();
		const comments = `: ${"x".repeat(1000)}\n`.repeat(1000);
		const answers = await Promise.all(Array.from({ length: 30 }, () => send(channel, comments)));
		expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(201));
	});
});

describe("a live publish whose token ends", () => {
	it("is ended with it, though its producer says nothing", async () => {
		const channel = freshChannel();
		const exp = Math.floor(Date.now() / 1000) + 3;
		const { answer } = await begun(channel, await issuer.token({ publish: ["*"], exp }));
		expect(await problem(await answer)).toMatchObject({ status: 401, code: "token_expired", stored: 1 });
		expect(Date.now() / 1000).toBeGreaterThanOrEqual(exp);
	});
});

describe("a revocation", () => {
	it("ends the live publishes of the user, and no others", async () => {
		const channel = freshChannel();
		const alice = await begun(channel, await issuer.token({ publish: ["*"] }));
		const producer = new Producer();
		const bob = send(channel, producer.body, await issuer.token({ sub: "bob", publish: ["*"] }));
		await producer.write("data: 2\n\n");
		await call(`/channels/${channel}/subscribers?user=alice`, {
			method: "DELETE",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
		});
		expect(await problem(await alice.answer)).toMatchObject({ status: 401, code: "invalid_token", stored: 1 });
		await producer.end();
		expect((await bob).status).toBe(201);
	});

	it("keeps the user from beginning another with the same token", async () => {
		const channel = freshChannel();
		const token = await issuer.token({ publish: ["*"] });
		await call(`/channels/${channel}/subscribers?user=alice`, {
			method: "DELETE",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
		});
		expect(await problem(await send(channel, "data: 1\n\n", token))).toMatchObject({
			status: 401,
			code: "invalid_token",
		});
	});
});

describe("a channel that is wiped", () => {
	it("keeps its live publishes", async () => {
		const channel = freshChannel();
		const { producer, answer } = await begun(channel);
		await call(`/channels/${channel}`, { method: "DELETE", headers: { Authorization: `Bearer ${PUBLISH_KEY}` } });
		await producer.write("data: 2\n\n");
		await producer.end();
		expect(await (await answer).json()).toMatchObject({ events: 2 });
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ buffered: 1 });
	});
});

describe("the events of a live publish", () => {
	it("are stored in a few groups where many come together", async () => {
		const channel = freshChannel();
		await published(channel, { data: "makes the log" });
		let syncs = 0;
		await runInDurableObject(env.CHANNEL.getByName(channel), (_, state) => {
			const sync = state.storage.sync.bind(state.storage);
			state.storage.sync = async () => {
				syncs += 1;
				await sync();
			};
		});
		expect(await (await send(channel, "data: x\n\n".repeat(1000))).json()).toMatchObject({ events: 1000 });
		expect(syncs).toBeLessThan(10);
	});

	it("wait for room while the channel has too many publishes waiting, and are not refused", async () => {
		const channel = freshChannel();
		await published(channel, { data: "makes the log" });
		const release = Promise.withResolvers<void>();
		await runInDurableObject(env.CHANNEL.getByName(channel), (_, state) => {
			const sync = state.storage.sync.bind(state.storage);
			state.storage.sync = async () => {
				await release.promise;
				await sync();
			};
		});
		const stub = env.CHANNEL.getByName(channel);
		const event = { type: "message", data: JSON.stringify("x".repeat(400_000)) as never };
		const flood = Array.from({ length: 90 }, () => stub.publish({ events: [event] }));
		await expect.poll(async () => (await stub.publish({ events: [event] })).ok === false, { timeout: 5000 }).toBe(true);
		const producer = new Producer();
		const answer = send(channel, producer.body);
		await producer.write("data: 1\n\n");
		release.resolve();
		await producer.end();
		expect(await (await answer).json()).toMatchObject({ events: 1 });
		expect((await Promise.all(flood)).filter(({ ok }) => ok).length).toBeGreaterThan(50);
	});
});

describe("what a live publish counts", () => {
	it("is once to how often one may publish, whatever its events", async () => {
		const counted: string[] = [];
		const limit = { limit: async ({ key }: RateLimitOptions) => ({ success: counted.push(key) > 1 }) };
		const request = () =>
			new Request(`http://tidings.test/channels/${freshChannel()}/events?live=1`, {
				method: "POST",
				headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "text/event-stream" },
				body: "data: 1\n\ndata: 2\n\n",
			});
		const app = createApp({});
		const ask = () => app.fetch(request(), { ...env, PUBLISH_RATE_LIMIT: limit }, createExecutionContext());
		expect(await problem(await ask())).toMatchObject({ status: 429, code: "rate_limited" });
		expect((await ask()).status).toBe(201);
		expect(counted).toHaveLength(2);
	});

	it("is in the metrics of its channel while its body goes on", async () => {
		const channel = freshChannel();
		const { producer, answer } = await begun(channel);
		expect(await readChannelMetrics(channel)).toMatchObject({ events_published_total: 1 });
		await producer.write("data: 2\n\ndata: 3\n\n");
		await producer.end();
		await answer;
		expect(await readChannelMetrics(channel)).toMatchObject({
			events_published_total: 3,
			publish_duration_seconds_count: 2,
		});
	});
});

describe("the line of a live publish", () => {
	it("tells how many events it stored, and how it ended", async () => {
		const lines = watchLines();
		const channel = freshChannel();
		await send(channel, "data: 1\n\ndata: 2\n\n");
		await send(channel, "data: 1\n\nevent: open\ndata: 2\n\n");
		const ended = lines.map(({ fields }) => fields).filter(({ message }) => message === "A live publish ended.");
		const common = {
			message: "A live publish ended.",
			request: expect.any(String),
			channel,
			publisher: expect.stringMatching(/^key:/),
			milliseconds: expect.any(Number),
		};
		expect(ended).toEqual([
			{ ...common, level: "info", status: 201, events: 2 },
			{ ...common, level: "warn", status: 400, events: 1, code: "invalid_event", detail: expect.any(String) },
		]);
	});
});
