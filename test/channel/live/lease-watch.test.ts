import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { advanceClock, alarmTime, runAlarm } from "../../support/clock.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { Producer } from "../../support/producer.ts";
import { call, evict, freshChannel, PUBLISH_KEY, problem, publish, subscribe } from "../../support/service.ts";

const KEY = { Authorization: `Bearer ${PUBLISH_KEY}` };

let token: string;

beforeAll(async () => {
	token = await (await TestIssuer.start()).token();
});

afterEach(() => {
	vi.useRealTimers();
});

interface Live {
	producer: Producer;
	answer: Promise<Response>;
	/** Leaves without ending the channel. */
	leave(): Promise<void>;
}

/** A live publish that has stored its first event. */
async function begun(channel: string, query = "", headers: Record<string, string> = {}): Promise<Live> {
	const live = silent(channel, query, headers);
	const { buffered } = await state(channel);
	await live.producer.write("data: x\n\n");
	await expect.poll(() => state(channel)).toMatchObject({ buffered: buffered + 1 });
	return live;
}

/** A live publish whose producer has said nothing yet. */
function silent(channel: string, query = "", headers: Record<string, string> = {}): Live {
	const producer = new Producer();
	const answer = call(`/channels/${channel}/events?live=1${query}`, {
		method: "POST",
		headers: { ...KEY, ...headers, "Content-Type": "text/event-stream" },
		body: producer.body,
	});
	return {
		producer,
		answer,
		leave: async () => {
			await producer.end();
			await answer;
		},
	};
}

function state(channel: string) {
	return env.CHANNEL.getByName(channel).state();
}

/** What is on disk of a channel's lease. */
function lease(channel: string): Promise<object> {
	return runInDurableObject(env.CHANNEL.getByName(channel), (_, { storage }) => {
		return storage.sql.exec("SELECT lease, lease_due FROM log").one();
	});
}

/** Lets so many seconds pass, with the alarms that ring in them. */
async function pass(channel: string, seconds: number): Promise<void> {
	const until = Date.now() + seconds * 1000;
	for (let at = await alarmTime(channel); at <= until; at = await alarmTime(channel)) {
		advanceClock((at - Date.now()) / 1000);
		await runAlarm(channel);
	}
	advanceClock((until - Date.now()) / 1000);
}

describe("a channel whose producer has gone", () => {
	it("ends when the lease is over, and tells who listens and who comes later", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, token);
		await stream.expect("connected");
		const { producer } = await begun(channel, "&lease=100");
		await stream.next();
		await producer.breakOff();
		await expect.poll(() => lease(channel)).toMatchObject({ lease: 100_000, lease_due: expect.any(Number) });
		await pass(channel, 99);
		expect(await state(channel)).toMatchObject({ ended: false });
		await pass(channel, 3);
		const frames = await stream.rest();
		expect(frames.filter(({ event }) => event === "closing").map(({ data }) => data)).toEqual([
			'{"reason":"abandoned","reconnect":false}',
		]);
		const late = await subscribe(`/events?channel=${channel}&rewind=all`, token);
		expect((await late.rest()).map(({ event }) => event)).toEqual(["connected", undefined, "closing"]);
		expect(await problem(await publish(channel, { data: 1 }))).toMatchObject({ status: 409, code: "channel_ended" });
	});

	it("ends although it has slept meanwhile, and somebody has woken it", async () => {
		const channel = freshChannel();
		const { leave } = await begun(channel, "&lease=100");
		await leave();
		await evict(channel);
		await pass(channel, 50);
		await evict(channel);
		await state(channel);
		await pass(channel, 51);
		expect(await state(channel)).toMatchObject({ ended: true });
	});

	it("ends where it has said nothing", async () => {
		const channel = freshChannel();
		await call(`/channels/${channel}/events?live=1&lease=100`, {
			method: "POST",
			headers: { ...KEY, "Content-Type": "text/event-stream" },
		});
		await pass(channel, 101);
		expect(await state(channel)).toMatchObject({ ended: true });
	});

	it("does not end without a lease", async () => {
		const channel = freshChannel();
		const { leave } = await begun(channel);
		await leave();
		await pass(channel, 3700);
		expect(await state(channel)).toMatchObject({ ended: false });
	});

	it("does not end where it had ended the channel", async () => {
		const channel = freshChannel();
		const { producer, answer } = await begun(channel, "&lease=1&end=1");
		await producer.end();
		await answer;
		await pass(channel, 10);
		const stream = await subscribe(`/events?channel=${channel}&rewind=all`, token);
		expect((await stream.rest()).at(-1)?.data).toContain('"ended"');
	});

	it("does not end when it was wiped meanwhile", async () => {
		const channel = freshChannel();
		const { leave } = await begun(channel, "&lease=100");
		await leave();
		await call(`/channels/${channel}`, { method: "DELETE", headers: KEY });
		await pass(channel, 200);
		expect(await state(channel)).toMatchObject({ ended: false });
	});
});

describe("a channel whose producer is there", () => {
	it("does not end, however long that is silent", async () => {
		const channel = freshChannel();
		const { leave } = await begun(channel, "&lease=10");
		await pass(channel, 100);
		expect(await state(channel)).toMatchObject({ ended: false });
		await leave();
		await pass(channel, 11);
		expect(await state(channel)).toMatchObject({ ended: true });
	});

	it("has a lease on disk before the producer says anything, since it may die by then", async () => {
		const channel = freshChannel();
		const { leave } = silent(channel, "&lease=100");
		await expect.poll(() => lease(channel).catch(() => undefined)).toMatchObject({ lease: 100_000 });
		expect(await lease(channel)).toEqual({ lease: 100_000, lease_due: null });
		expect(await state(channel)).toMatchObject({ head: "0" });
		await leave();
	});

	it("keeps its lease in a wipe, also when it leaves before others", async () => {
		const channel = freshChannel();
		const first = await begun(channel, "&lease=100");
		const other = await begun(channel);
		await call(`/channels/${channel}`, { method: "DELETE", headers: KEY });
		await first.leave();
		await other.leave();
		await pass(channel, 101);
		expect(await state(channel)).toMatchObject({ ended: true });
	});

	it("ends after a restart that the producer did not come back from", async () => {
		const channel = freshChannel();
		await publish(channel, { data: 1 });
		await runInDurableObject(env.CHANNEL.getByName(channel), (_, { storage }) => {
			// As it is while a producer is there.
			storage.sql.exec("UPDATE log SET lease = 100000, lease_due = NULL");
		});
		await evict(channel);
		expect(await state(channel)).toMatchObject({ ended: false });
		expect(await alarmTime(channel)).toBeLessThan(Date.now() + 101_000);
		await pass(channel, 60);
		await evict(channel);
		await pass(channel, 41);
		expect(await state(channel)).toMatchObject({ ended: true });
	});
});

describe("a producer who comes back", () => {
	it.each([
		["with another lease", "&lease=200", 200],
		["without one", "", 100],
	])("%s, stops the time, which begins again when they have gone", async (_, query, seconds) => {
		const channel = freshChannel();
		const first = await begun(channel, "&lease=100");
		await first.leave();
		await pass(channel, 99);
		const second = await begun(channel, query);
		await pass(channel, 300);
		expect(await state(channel)).toMatchObject({ ended: false });
		await second.leave();
		await pass(channel, seconds - 1);
		expect(await state(channel)).toMatchObject({ ended: false });
		await pass(channel, 2);
		expect(await state(channel)).toMatchObject({ ended: true });
	});

	it("before the former has gone, keeps the channel from ending", async () => {
		const channel = freshChannel();
		const first = await begun(channel, "&lease=100");
		const second = await begun(channel, "&lease=100");
		await first.leave();
		await pass(channel, 150);
		expect(await state(channel)).toMatchObject({ ended: false });
		await second.leave();
		await pass(channel, 101);
		expect(await state(channel)).toMatchObject({ ended: true });
	});
});

describe("a lease", () => {
	it("leaves the head of a channel without events as it was, also for a producer who comes back", async () => {
		const channel = freshChannel();
		await silent(channel, "&lease=100").leave();
		await evict(channel);
		expect(await state(channel)).toMatchObject({ head: "0" });
		const { producer, answer } = await begun(channel, "&lease=100", { "If-Match": '"0"' });
		await producer.end();
		expect((await answer).status).toBe(201);
	});

	it("stays when its producer leaves without a word before another", async () => {
		const channel = freshChannel();
		const first = silent(channel, "&lease=100");
		await expect.poll(() => lease(channel).catch(() => undefined)).toMatchObject({ lease: 100_000 });
		const other = silent(channel);
		await first.leave();
		await other.leave();
		await pass(channel, 101);
		expect(await state(channel)).toMatchObject({ ended: true });
	});

	it.each(["0", "3601", "1.5", "", "-1"])("of %s seconds is refused", async (seconds) => {
		const response = await call(`/channels/${freshChannel()}/events?live=1&lease=${seconds}`, {
			method: "POST",
			headers: { ...KEY, "Content-Type": "text/event-stream" },
		});
		expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
	});

	it("is refused where the publish is not live", async () => {
		const response = await call(`/channels/${freshChannel()}/events?lease=5`, {
			method: "POST",
			headers: { ...KEY, "Content-Type": "text/plain" },
			body: "x",
		});
		expect(await problem(response)).toMatchObject({
			status: 400,
			code: "invalid_request",
			detail: expect.stringContaining("live=1"),
		});
	});
});
