import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { COUNTED, type Cost, HEARTBEATS_IN_TEN_MINUTES, TAKEN_BYTES } from "../../scripts/cost/counted.ts";
import { ChannelObject } from "../../src/channel/channel.ts";
import { Log } from "../../src/log/log.ts";
import { alarmTime, runAlarm, stopClock } from "../support/clock.ts";
import { newEvent } from "../support/events.ts";
import { TestIssuer } from "../support/issuer.ts";
import { Producer } from "../support/producer.ts";
import {
	CHANNELS_SLEEP,
	call,
	evict,
	freshChannel,
	PUBLISH_KEY,
	publish,
	published,
	subscribe,
} from "../support/service.ts";
import { openPublisher, SocketReader } from "../support/socket.ts";
import type { SseReader } from "../support/sse.ts";

/** What Cloudflare counts and charges for: docs/cost.md is made of these numbers. */

const HOUR = 3600;
const REPLAY_EVENTS = 100;
const METHODS = Object.getOwnPropertyNames(ChannelObject.prototype).filter((name) => name !== "constructor");
const SOCKET_METHODS = ["webSocketMessage", "webSocketClose", "webSocketError"];

let issuer: TestIssuer;
const streams: SseReader[] = [];

beforeAll(async () => {
	issuer = await TestIssuer.start();
});

beforeEach(() => {
	stopClock();
});

afterEach(async () => {
	vi.useRealTimers();
	vi.restoreAllMocks();
	for (const stream of streams.splice(0)) await stream.close();
});

/** Opens a stream whose credentials end after a time. */
async function open(channel: string, seconds = 10 * 24 * HOUR): Promise<SseReader> {
	const token = await issuer.token({ exp: Math.floor(Date.now() / 1000) + seconds });
	const stream = await subscribe(`/events?channel=${channel}`, token);
	await stream.expect("connected");
	streams.push(stream);
	return stream;
}

/** Counts what a channel's object does; each call answers with what has been done since the one before. */
function meter(channel: string): Promise<() => Cost> {
	return runInDurableObject(env.CHANNEL.getByName(channel), (instance, { storage }) => {
		const exec = vi.spyOn(storage.sql, "exec");
		const setAlarm = vi.spyOn(storage, "setAlarm");
		const methods = METHODS.map((name) => ({ name, spy: vi.spyOn(ChannelObject.prototype, name as "publish") }));
		const runs = (test: (name: string) => boolean) =>
			methods
				.filter(({ name }) => test(name))
				.flatMap(({ spy }) => spy.mock.contexts)
				.filter((context) => context === instance).length;
		return () => {
			const cursors = exec.mock.results.map(({ value }) => value as SqlStorageCursor<Record<string, SqlStorageValue>>);
			const cost = {
				requests: runs((name) => !SOCKET_METHODS.includes(name)),
				messages: runs((name) => name === "webSocketMessage"),
				rowsWritten: cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, setAlarm.mock.calls.length),
				rowsRead: cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
			};
			for (const spy of [exec, setAlarm, ...methods.map(({ spy }) => spy)]) spy.mockClear();
			return cost;
		};
	});
}

/** Lets the time come for the alarm. */
async function alarm(channel: string): Promise<void> {
	vi.setSystemTime(await alarmTime(channel));
	await runAlarm(channel);
}

/** Sets the clock to a minute before a time, and then to the time; each time, the alarm comes. */
async function endCredentials(channel: string, endsAt: number): Promise<void> {
	for (const time of [endsAt - 60_000, endsAt]) {
		vi.setSystemTime(time);
		await runAlarm(channel);
	}
}

/** Lets time pass in which events come at an interval, and the alarm when it is due. */
async function pass(channel: string, seconds: number, interval: number): Promise<void> {
	const until = Date.now() + seconds * 1000;
	let nextEvent = Date.now() + interval * 1000;
	while (nextEvent <= until) {
		if ((await alarmTime(channel)) <= nextEvent) {
			await alarm(channel);
		} else {
			vi.setSystemTime(nextEvent);
			await published(channel, { data: "x" });
			nextEvent += interval * 1000;
		}
	}
}

function times(count: number, { requests, messages, rowsWritten, rowsRead }: Cost): Cost {
	return {
		requests: count * requests,
		messages: count * messages,
		rowsWritten: count * rowsWritten,
		rowsRead: count * rowsRead,
	};
}

function plus(one: Cost, other: Cost): Cost {
	return {
		requests: one.requests + other.requests,
		messages: one.messages + other.messages,
		rowsWritten: one.rowsWritten + other.rowsWritten,
		rowsRead: one.rowsRead + other.rowsRead,
	};
}

/** Makes a log with as many events as it remembers, each in a row of its own. */
async function fill(channel: string): Promise<void> {
	await published(channel, { data: "makes the log" });
	await runInDurableObject(env.CHANNEL.getByName(channel), async (instance) => {
		for (let event = 0; event < REPLAY_EVENTS; event += 1) await instance.publish({ events: [newEvent()] });
	});
}

describe("a publish", () => {
	it("is one request, and one row for all its events, also where the log overwrites its oldest", async () => {
		const channel = freshChannel();
		await open(channel);
		await fill(channel);
		const cost = await meter(channel);
		// The oldest rows are looked up 32 at a time.
		for (let times = 0; times < 32; times += 1) await published(channel, { data: "x" });
		expect(cost()).toEqual(times(32, COUNTED.publish));
		const batch = Array.from({ length: 10 }, (_, index) => ({ data: index }));
		for (let times = 0; times < 32; times += 1) await published(channel, batch);
		expect(cost()).toEqual(times(32, COUNTED.batchOfTen));
	});

	it("over a WebSocket is a message, and the same rows", async () => {
		const channel = freshChannel();
		await open(channel);
		await fill(channel);
		const cost = await meter(channel);
		const socket = await openPublisher(channel, PUBLISH_KEY);
		expect(cost()).toEqual(COUNTED.publisher);
		for (let ref = 0; ref < 32; ref += 1) {
			socket.send({ ref, events: [{ data: "x" }] });
			await socket.next();
		}
		expect(cost()).toEqual(times(32, COUNTED.message));
		socket.close();
	});

	it("makes the tables when it is the first", async () => {
		const channel = freshChannel();
		await open(channel);
		const cost = await meter(channel);
		await published(channel, { data: "x" });
		expect(cost()).toEqual(COUNTED.firstPublish);
	});

	it("costs a second row with an idempotency key, and a third when the key is forgotten", async () => {
		const channel = freshChannel();
		await open(channel);
		await fill(channel);
		await publish(channel, { data: 1 }, { "Idempotency-Key": "makes-the-table" });
		const cost = await meter(channel);
		for (let key = 0; key < 32; key += 1) await publish(channel, { data: 2 }, { "Idempotency-Key": `a${key}` });
		expect(cost()).toEqual(times(32, COUNTED.keyedPublish));
		vi.setSystemTime(Date.now() + 301_000);
		await publish(channel, { data: 3 }, { "Idempotency-Key": "b" });
		expect(cost().rowsWritten).toBe(COUNTED.keyedPublish.rowsWritten + 33);
	});
});

describe("an answer that is published live to a channel of its own", () => {
	it("is a request besides those of its readers, and a row for each group of events", async () => {
		const channel = freshChannel();
		const cost = await meter(channel);
		const producer = new Producer();
		const answer = call(`/channels/${channel}/events?live=1&end=1`, {
			method: "POST",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/x-ndjson" },
			body: producer.body,
		});
		const readers = [await open(channel), await open(channel)];
		const GROUPS = 20;
		for (let group = 0; group < GROUPS; group += 1) {
			await producer.write('{"data":"a"}\n{"data":"token"}\n');
			for (const reader of readers) await reader.take(2);
		}
		await producer.end();
		expect((await answer).status).toBe(201);
		for (const reader of readers) expect(await reader.next()).toMatchObject({ event: "closing" });
		// Until it is forgotten.
		while ((await alarmTime(channel)) < Number.POSITIVE_INFINITY) await alarm(channel);
		expect(cost()).toEqual(plus(COUNTED.answer, times(GROUPS, COUNTED.answerGroup)));
	});
});

describe("a stream", () => {
	it("sets the alarm when it is the first, and writes nothing else", async () => {
		const channel = freshChannel();
		const cost = await meter(channel);
		await open(channel);
		expect(cost()).toEqual(COUNTED.firstStream);
	});

	it("is one request and no row among others, and two alarms when its credentials end", async () => {
		const channel = freshChannel();
		const endsAt = (Math.floor(Date.now() / 1000) + HOUR) * 1000;
		await open(channel, HOUR);
		await published(channel, { data: "x" });
		const cost = await meter(channel);
		await open(channel, 2 * HOUR);
		const opening = cost();
		expect(opening).toMatchObject({ requests: 1, rowsWritten: 0 });
		await endCredentials(channel, endsAt);
		expect(plus(opening, cost())).toEqual(COUNTED.stream);
	});

	it("costs three rows more when it is alone", async () => {
		const channel = freshChannel();
		await open(channel, HOUR);
		await published(channel, { data: "x" });
		await endCredentials(channel, (Math.floor(Date.now() / 1000) + HOUR) * 1000);
		const cost = await meter(channel);
		await open(channel, HOUR);
		await endCredentials(channel, (Math.floor(Date.now() / 1000) + HOUR) * 1000);
		expect(cost()).toEqual(COUNTED.loneStream);
	});
});

describe("heartbeats", () => {
	it.each([
		{ count: 1, eventsPerMinute: 1 },
		{ count: 5, eventsPerMinute: 1 },
		{ count: 5, eventsPerMinute: 60 },
	] as const)(
		"are one alarm for all streams ($count, events a minute: $eventsPerMinute), and none where channels sleep",
		async ({ count, eventsPerMinute }) => {
			const channel = freshChannel();
			for (let stream = 0; stream < count; stream += 1) await open(channel);
			const interval = 60 / eventsPerMinute;
			await pass(channel, 60, interval);
			const cost = await meter(channel);
			await pass(channel, 600, interval);
			const { requests, rowsWritten } = cost();
			const events = 10 * eventsPerMinute;
			const heartbeats = CHANNELS_SLEEP ? 0 : HEARTBEATS_IN_TEN_MINUTES[eventsPerMinute];
			expect({ requests, rowsWritten }).toEqual({
				requests: events + heartbeats * COUNTED.heartbeat.requests,
				rowsWritten: events + heartbeats * COUNTED.heartbeat.rowsWritten,
			});
		},
	);
});

describe("a channel that sleeps", () => {
	it("reads its log when it wakes, and writes nothing", async () => {
		const channel = freshChannel();
		await open(channel);
		await fill(channel);
		const cost = await meter(channel);
		await runInDurableObject(env.CHANNEL.getByName(channel), (_, { storage }) => {
			new Log(storage, { events: REPLAY_EVENTS, milliseconds: 24 * HOUR * 1000 });
		});
		expect(cost()).toEqual(COUNTED.wake);
	});

	it("and holds WebSockets pays for the heartbeats of all together, and for no ping", async () => {
		const channel = freshChannel();
		await published(channel, { data: "makes the log" });
		const sockets: SocketReader[] = [];
		for (const name of ["alice", "bob"]) {
			const token = await issuer.token({ sub: name, exp: Math.floor(Date.now() / 1000) + 24 * HOUR });
			sockets.push(await SocketReader.open({}, undefined, `/ws?channel=${channel}&token=${token}`));
		}
		for (const socket of sockets) expect(await socket.next()).toMatchObject({ type: "connected" });
		// Until it has reported what it has counted, it does not sleep.
		vi.useRealTimers();
		await evict(channel);
		stopClock();
		const cost = await meter(channel);
		for (const _ of [1, 2, 3]) {
			await alarm(channel);
			for (const socket of sockets) expect(await socket.next()).toEqual({ type: "heartbeat" });
			expect(cost()).toEqual(COUNTED.heartbeat);
		}
		sockets[0]?.send({ type: "ping" });
		expect(await sockets[0]?.next()).toEqual({ type: "pong" });
		expect(cost()).toMatchObject({ requests: 0, messages: 0, rowsWritten: 0 });
		for (const socket of sockets) socket.close();
	});

	if (!CHANNELS_SLEEP) return;
	it("is told once for every 64 KiB that a client has taken, and of nothing else", async () => {
		const channel = freshChannel();
		const stream = await open(channel);
		await published(channel, { data: "makes the log" });
		await stream.next();
		const cost = await meter(channel);
		let costs = { requests: 0, messages: 0, rowsWritten: 0, rowsRead: 0 };
		const EVENTS = 20;
		for (let event = 0; event < EVENTS; event += 1) {
			await published(channel, { data: "x".repeat(TAKEN_BYTES / 10) });
			await stream.next();
		}
		while (costs.messages < 2) {
			await scheduler.wait(1);
			costs = plus(costs, cost());
		}
		const { requests, rowsWritten } = COUNTED.publish;
		expect(costs).toMatchObject({
			requests: EVENTS * requests,
			messages: 2 * COUNTED.taken.messages,
			rowsWritten: EVENTS * rowsWritten,
		});
	});
});
