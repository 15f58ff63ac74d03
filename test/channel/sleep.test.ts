import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { CHANNEL_URL, decodeEvents, joinHeaders } from "../../src/wire/link.ts";
import type { Subscription } from "../../src/wire/subscription.ts";
import { TestIssuer } from "../support/issuer.ts";
import { readChannelMetrics } from "../support/metrics.ts";
import { call, evict, freshChannel, PUBLISH_KEY, publish, published, subscribe } from "../support/service.ts";
import { subscriptionOf } from "../support/subscription.ts";

let issuer: TestIssuer;
let alice: string;

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await issuer.token({ role: "admin" });
});

/** A stream that a session holds, whichever the way of delivery: it has a second channel, where nothing happens. */
function inSession(channel: string, query = ""): string {
	return `/events?channel=${channel}&channel=${freshChannel("chat:idle")}${query}`;
}

function subscribers(channel: string) {
	return env.CHANNEL.getByName(channel).subscribers();
}

/** Joins a channel as a session does. */
async function join(channel: string, { connection = crypto.randomUUID() } = {}): Promise<WebSocket> {
	const subscription = subscriptionOf({ connection, channels: [channel] });
	const { webSocket } = await env.CHANNEL.getByName(channel).fetch(CHANNEL_URL, { headers: joinHeaders(subscription) });
	if (!webSocket) throw new Error("The channel refused the session.");
	webSocket.accept({ allowHalfOpen: true });
	return webSocket;
}

describe("a session", () => {
	it("gets events that leave together as one message", async () => {
		const channel = freshChannel();
		const socket = await join(channel);
		const messages: { position: number; text: string }[] = [];
		socket.binaryType = "arraybuffer";
		socket.addEventListener("message", ({ data }) => {
			const { position, text } = decodeEvents(data as ArrayBuffer);
			messages.push({ position, text: new TextDecoder().decode(text) });
		});
		const ids = await published(
			channel,
			Array.from({ length: 10 }, (_, index) => ({ data: index })),
		);
		await expect.poll(() => messages.length).toBeGreaterThan(0);
		expect(messages).toEqual([
			{
				position: Number(ids.at(-1)),
				text: ids.map((id, index) => `id: ${id}\ndata: ${index}\n\n`).join(""),
			},
		]);
		socket.close();
	});
});

describe("a Worker of another version", () => {
	it("is told to try again later, and disturbs nobody", async () => {
		const channel = freshChannel();
		const { dialect: _, ...older } = subscriptionOf({ channels: [channel], rejoins: true });
		const response = await env.CHANNEL.getByName(channel).fetch(CHANNEL_URL, {
			headers: joinHeaders(older as Subscription),
		});
		expect(response.status).toBe(503);
		expect(await response.json()).toMatchObject({ code: "channel_unavailable" });
		expect(await subscribers(channel)).toEqual([]);
	});
});

describe("a channel that wakes up", () => {
	it("counts deliveries anew, and published events from the start of its log", async () => {
		const channel = freshChannel();
		const stream = await subscribe(inSession(channel), alice);
		await published(channel, [{ data: 1 }, { data: 2 }]);
		await evict(channel);
		await published(channel, { data: 3 });
		expect(await readChannelMetrics(channel)).toMatchObject({
			events_published_total: 3,
			events_delivered_total: 1,
			streams_open: 1,
			publish_duration_seconds_count: 1,
		});
		await stream.close();
	});

	it("knows its subscribers as before", async () => {
		const channel = freshChannel();
		const stream = await subscribe(inSession(channel), alice);
		await stream.expect("connected");
		const before = await subscribers(channel);
		await evict(channel);
		expect(before).toHaveLength(1);
		expect(await subscribers(channel)).toEqual(before);
		await stream.close();
	});

	it("is not asked to wake up for an end that is further away than alarms reach", async () => {
		const channel = freshChannel();
		const stream = await subscribe(inSession(channel), await issuer.token({ exp: 9_999_999_999 }));
		expect(await stream.expect("connected")).toMatchObject({ data: { expires: 9_999_999_999 } });
		await stream.close();
	});

	it("delivers by types, users and claims as before", async () => {
		const channel = freshChannel();
		const stream = await subscribe(inSession(channel, "&type=order"), alice);
		await stream.expect("connected");
		await evict(channel);
		await published(channel, [
			{ type: "noise", data: 1 },
			{ type: "order", data: 2, to: { user: "bob" } },
			{ type: "order", data: 3, to: { claims: { role: "admin" } } },
		]);
		expect(await stream.expect("order")).toMatchObject({ data: 3 });
		await stream.close();
	});

	it("tells who has gone when that is what woke it", async () => {
		const channel = freshChannel();
		const stream = await subscribe(inSession(channel), alice);
		await stream.expect("connected");
		const other = await subscribe(inSession(channel, "&presence=1"), await issuer.token({ sub: "bob" }));
		await other.expect("connected");
		await other.expect("presence");
		await evict(channel);
		await stream.close();
		expect(await other.expect("presence")).toMatchObject({ data: { user: "alice", state: "offline" } });
		await other.close();
	});

	it("counts the streams of a user who has as many as may be", async () => {
		const channel = freshChannel();
		const token = await issuer.token({ sub: "carol" });
		const streams = await Promise.all(Array.from({ length: 20 }, () => subscribe(inSession(channel), token)));
		await evict(channel);
		const response = await call(inSession(channel), { headers: { Authorization: `Bearer ${token}` } });
		expect(response.status).toBe(429);
		expect(((await response.json()) as { detail: string }).detail).toContain(channel);
		for (const stream of streams) await stream.close();
	});

	it("ends streams that were opened before", async () => {
		const channel = freshChannel();
		const stream = await subscribe(inSession(channel), alice);
		await stream.expect("connected");
		await evict(channel);
		await call(`/channels/${channel}/subscribers?user=alice`, {
			method: "DELETE",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
		});
		expect(await stream.expect("closing")).toMatchObject({ data: { reason: "revoked" } });
		expect(await stream.rest()).toEqual([]);
	});

	it("has done with the streams that it has ended, though their sessions have not let go yet", async () => {
		const channel = freshChannel();
		const stub = env.CHANNEL.getByName(channel);
		// A session that hangs: it does not answer when its WebSocket is closed.
		await join(channel);
		expect(await stub.wipe()).toBe(1);
		await evict(channel);
		expect((await publish(channel, { data: "to nobody" })).status).toBe(201);
		expect(await subscribers(channel)).toEqual([]);
	});

	it("has done with a stream that it has ended, though its session renews it and does not let go", async () => {
		const channel = freshChannel();
		const connection = crypto.randomUUID();
		const socket = await join(channel, { connection });
		const stub = env.CHANNEL.getByName(channel);
		expect(await stub.endSubscribers({ connection })).toBe(1);
		const endsAt = Date.now() + 7_200_000;
		socket.send(JSON.stringify({ type: "renew", renewal: { user: "alice", claims: {}, expiresAt: endsAt, endsAt } }));
		await scheduler.wait(50);
		await evict(channel);
		expect(await subscribers(channel)).toEqual([]);
		const other = await subscribe(inSession(channel), alice);
		await other.expect("connected");
		expect((await publish(channel, { data: "to the other" })).status).toBe(201);
		expect(await other.next()).toMatchObject({ data: "to the other" });
		await other.close();
	});

	it("sends a stream that was behind what it has missed, without a hole", async () => {
		const channel = freshChannel();
		const stream = await subscribe(inSession(channel), alice);
		await stream.expect("connected");
		const ids: string[] = [];
		const data = "x".repeat(60_000);
		// More than may wait for a client that does not read.
		for (let event = 0; event < 30; event += 1) ids.push(...(await published(channel, { data })));
		await evict(channel);
		for (let event = 0; event < 5; event += 1) ids.push(...(await published(channel, { data: "later" })));
		const frames = await stream.take(ids.length);
		expect(frames.map(({ event }) => event)).toEqual(ids.map(() => undefined));
		expect(frames.map(({ data }) => data.length)).toEqual(ids.map((_, index) => (index < 30 ? data.length : 5)));
		await stream.close();
	});
});
