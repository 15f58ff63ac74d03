import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { PublishEntrypoint } from "../../../src/index.ts";
import { advanceClock, alarmTime, runAlarm } from "../../support/clock.ts";
import { TestIssuer } from "../../support/issuer.ts";
import {
	CHANNELS_SLEEP,
	call,
	callWith,
	evict,
	freshChannel,
	PUBLISH_KEY,
	problem,
	publish,
	published,
	subscribe,
} from "../../support/service.ts";
import { SocketReader } from "../../support/socket.ts";
import type { SseReader } from "../../support/sse.ts";

let issuer: TestIssuer;
let alice: string;

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await issuer.token({ exp: Math.floor(Date.now() / 1000) + 10 * 86_400 });
});

afterEach(() => void vi.useRealTimers());

const DAY_SECONDS = 86_400;

async function end(channel: string): Promise<void> {
	const headers = { Authorization: `Bearer ${PUBLISH_KEY}` };
	const response = await call(`/channels/${channel}/events?end=1`, { method: "POST", headers });
	expect(response.status).toBe(201);
}

/** Writes the end of a channel to its disk, and has its object die before it could tell anybody. */
async function endAndDie(...channels: string[]): Promise<void> {
	for (const channel of channels) {
		await runInDurableObject(env.CHANNEL.getByName(channel), (_, { storage }) => {
			storage.sql.exec("UPDATE log SET ended = 'ended'");
		});
	}
	await abortAllDurableObjects();
}

async function statusOf(channel: string, cursor: string | undefined): Promise<number> {
	const headers = { Authorization: `Bearer ${alice}` };
	const response = await call(`/events?channel=${channel}&lastEventId=${cursor}`, { headers });
	await response.body?.cancel();
	return response.status;
}

async function restOf(stream: SseReader): Promise<string[]> {
	return (await stream.rest()).map(({ event, data }) => event ?? data);
}

/** A WebSocket that ends in the channel's object. */
function openSocket(channel: string): Promise<SocketReader> {
	return SocketReader.open({ Authorization: `Bearer ${alice}` }, undefined, `/ws?channel=${channel}`);
}

/** When the channel began to be idle, as it is on disk, and its alarm. */
async function idleness(channel: string): Promise<unknown[]> {
	const since = await runInDurableObject(env.CHANNEL.getByName(channel), (_, { storage }) =>
		storage.sql.exec("SELECT idle_since FROM log").one(),
	);
	return [since, await alarmTime(channel)];
}

describe("a channel that has ended", () => {
	it("has ended also when its object has died since", async () => {
		const channel = freshChannel();
		const [id] = await published(channel, { data: 1 });
		await end(channel);
		await abortAllDurableObjects();
		expect(await problem(await publish(channel, { data: 2 }))).toMatchObject({ code: "channel_ended" });
		const late = await subscribe(`/events?channel=${channel}&rewind=all`, alice);
		expect(await restOf(late)).toEqual(["connected", "1", "closing"]);
		expect(await statusOf(channel, id)).toBe(204);
	});

	it("lets pages on other origins read that nothing is left", async () => {
		const channel = freshChannel();
		const [id] = await published(channel, { data: 1 });
		await end(channel);
		const response = await callWith(
			{ CORS_ORIGINS: "https://example.com" },
			`/events?channel=${channel}&lastEventId=${id}`,
			{ headers: { Authorization: `Bearer ${alice}`, Origin: "https://example.com", "X-Request-Id": "mine" } },
		);
		expect(response.status).toBe(204);
		expect(response.headers.get("Access-Control-Allow-Origin")).toBe("https://example.com");
		expect(response.headers.get("X-Request-Id")).toBe("mine");
	});

	it("tells those who come back, if its object has died before it told anybody", async () => {
		const channel = freshChannel();
		const ids = await published(channel, [{ data: 1 }, { data: 2 }]);
		const stream = await subscribe(`/events?channel=${channel}&lastEventId=${ids[0]}`, alice);
		await stream.expect("connected");
		expect((await stream.next()).data).toBe("2");
		await endAndDie(channel);
		// A session joins it again. A response that it held itself breaks off.
		if (CHANNELS_SLEEP) expect(await restOf(stream)).toEqual(["closing"]);
		else await expect(stream.rest()).rejects.toThrow();
		expect(await statusOf(channel, ids[1])).toBe(204);
		const back = await subscribe(`/events?channel=${channel}&lastEventId=${ids[0]}`, alice);
		expect(await restOf(back)).toEqual(["connected", "2", "closing"]);
	});

	it("tells a stream that has slept with it", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		await stream.expect("connected");
		if (CHANNELS_SLEEP) await evict(channel);
		await end(channel);
		expect(await restOf(stream)).toEqual(["closing"]);
	});

	it("wakes for a WebSocket that has slept with it", async () => {
		const channel = freshChannel();
		const socket = await openSocket(channel);
		expect(await socket.next()).toMatchObject({ type: "connected" });
		await evict(channel);
		await end(channel);
		expect(await socket.next()).toMatchObject({ type: "closing", reason: "ended", reconnect: false });
		expect(await socket.closed()).toBe(1000);
	});

	it("writes nothing for those who come later and get all at once", async () => {
		const channel = freshChannel();
		await published(channel, { data: 1 });
		await end(channel);
		const before = await idleness(channel);
		advanceClock(60);
		const late = await subscribe(`/events?channel=${channel}&rewind=all`, alice);
		expect(await restOf(late)).toEqual(["connected", "1", "closing"]);
		const socket = await openSocket(channel);
		await socket.closed();
		expect(await idleness(channel)).toEqual(before);
	});

	it("is forgotten like any other once it is idle for as long as it remembers", async () => {
		const channel = freshChannel();
		await end(channel);
		advanceClock(DAY_SECONDS - 60);
		await runAlarm(channel);
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ ended: true });
		advanceClock(120);
		await runAlarm(channel);
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ ended: false, head: "0" });
		expect(await runAlarm(channel)).toBe(false);
		await published(channel, { data: "anew" });
	});
});

describe("a stream of several channels", () => {
	it("is told once of each that has ended, however often their objects die", async () => {
		const [a, b] = [freshChannel("chat:a"), freshChannel("chat:b")];
		const stream = await subscribe(`/events?channel=${a}&channel=${b}`, alice);
		await stream.expect("connected");
		await end(a);
		await stream.expect("ended");
		await abortAllDurableObjects();
		await published(b, { data: "b" });
		expect((await stream.next()).data).toBe("b");
		await expect.poll(async () => (await env.CHANNEL.getByName(a).state()).subscribers).toBe(1);
		await evict(a);
		await endAndDie(b);
		expect(await restOf(stream)).toEqual(["ended", "closing"]);
	});

	it("can be renewed after its first channel has ended", async () => {
		const [a, b] = [freshChannel("chat:a"), freshChannel("chat:b")];
		const stream = await subscribe(`/events?channel=${a}&channel=${b}`, alice);
		const { data } = await stream.expect("connected");
		await end(a);
		await stream.expect("ended");
		const response = await call(`/connections/${(data as { connection: string }).connection}`, {
			method: "PUT",
			headers: { Authorization: `Bearer ${alice}` },
		});
		expect(response.status).toBe(200);
		await end(b);
		expect(await restOf(stream)).toEqual(["ended", "closing"]);
	});
});

describe("a publish over a service binding", () => {
	const service = new PublishEntrypoint({} as ExecutionContext, env);

	it("ends a channel, with its last events or without any", async () => {
		const [a, b] = [freshChannel("chat:a"), freshChannel("chat:b")];
		expect((await service.publish(a, { data: 1 }, { end: true })).ids).toHaveLength(1);
		expect(await service.publish(b, [], { end: true })).toMatchObject({ ids: [] });
		for (const channel of [a, b]) await expect(service.publish(channel, { data: 2 })).rejects.toThrow("channel_ended");
	});

	it("needs events unless it ends the channel", async () => {
		const channel = freshChannel();
		await expect(service.publish(channel, [], { end: false })).rejects.toThrow("invalid_event");
		await expect(service.publish(channel, [], { end: 1 as unknown as boolean })).rejects.toThrow("`end` must be");
	});
});
