import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { advanceClock, alarmTime, runAlarm, stopClock } from "../support/clock.ts";
import { TestIssuer } from "../support/issuer.ts";
import { CHANNELS_SLEEP, call, freshChannel, publish, published, subscribe } from "../support/service.ts";

let issuer: TestIssuer;
let alice: string;

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await issuer.token({ exp: Math.floor(Date.now() / 1000) + 10 * 86_400 });
});

const DAY_SECONDS = 86_400;

afterEach(() => {
	vi.useRealTimers();
});

describe("a channel's object that is evicted", () => {
	it("goes on with the next offset, and replays what came before", async () => {
		const channel = freshChannel();
		const [first] = await published(channel, { data: 1 });
		await evictDurableObject(env.CHANNEL.getByName(channel));
		const [second] = await published(channel, { data: 2 });
		expect(Number(second)).toBe(Number(first) + 1);
		const stream = await subscribe(`/events?channel=${channel}&lastEventId=${first}`, alice);
		expect(await stream.expect("connected")).toMatchObject({ data: { resumed: true } });
		expect((await stream.next()).data).toBe("2");
		await stream.close();
	});

	it("resumes a client exactly that saw the channel empty", async () => {
		const channel = freshChannel();
		const early = await subscribe(`/events?channel=${channel}`, alice);
		const { id } = await early.expect("connected");
		await early.close();
		await published(channel, { data: "finds that the client has left" });
		await evictDurableObject(env.CHANNEL.getByName(channel));
		const stream = await subscribe(`/events?channel=${channel}&lastEventId=${id}`, alice);
		expect(await stream.expect("connected")).toMatchObject({ id, data: { resumed: true } });
		expect((await stream.next()).data).toBe("finds that the client has left");
		await stream.close();
	});

	it("remembers idempotency keys", async () => {
		const channel = freshChannel();
		const headers = { "Idempotency-Key": "k" };
		const first = await publish(channel, { data: 1 }, headers);
		await abortAllDurableObjects();
		const second = await publish(channel, { data: 1 }, headers);
		expect(second.headers.get("Idempotent-Replayed")).toBe("true");
		expect(await second.json()).toEqual(await first.json());
	});
});

describe("durable, then visible", () => {
	it("shows nobody an event before it is on disk", async () => {
		const channel = freshChannel();
		const stub = env.CHANNEL.getByName(channel);
		const [head] = await published(channel, { data: "on disk" });
		// Flags, not promises: one that is resolved in an object would take the test's own context with it.
		let isWritten = false;
		let mayReachDisk = false;
		await runInDurableObject(stub, (_, state) => {
			const sync = state.storage.sync.bind(state.storage);
			state.storage.sync = async () => {
				isWritten = true;
				while (!mayReachDisk) await scheduler.wait(1);
				await sync();
			};
		});
		const live = await subscribe(`/events?channel=${channel}`, alice);
		await live.expect("connected");
		const answer = publish(channel, { data: "on its way" });
		while (!isWritten) await scheduler.wait(1);

		const late = await subscribe(`/events?channel=${channel}&rewind=all`, alice);
		expect(await late.expect("connected")).toMatchObject({ data: { resumed: false } });
		expect((await late.next()).data).toBe("on disk");
		expect(await stub.state()).toMatchObject({ head, buffered: 1 });
		expect(JSON.parse(await stub.eventsJson(0, 10))).toHaveLength(1);

		mayReachDisk = true;
		expect((await answer).status).toBe(201);
		expect((await live.next()).data).toBe("on its way");
		expect((await late.next()).data).toBe("on its way");
		await live.close();
		await late.close();
	});

	it("writes publishes that wait together with one sync", async () => {
		const channel = freshChannel();
		const stub = env.CHANNEL.getByName(channel);
		await published(channel, { data: 0 });
		let syncs = 0;
		await runInDurableObject(stub, (_, state) => {
			const sync = state.storage.sync.bind(state.storage);
			state.storage.sync = async () => {
				syncs += 1;
				await sync();
			};
		});
		await Promise.all(Array.from({ length: 50 }, (_, index) => published(channel, { data: index })));
		expect(await stub.state()).toMatchObject({ buffered: 51 });
		expect(syncs).toBeLessThan(25);
	});
});

describe("streams that come and go while events flow", () => {
	it("see contiguous offsets, each of them", async () => {
		const channel = freshChannel();
		let last = Number((await published(channel, { data: "start" }))[0]);
		let isFlowing = true;
		const stays = [1, 3, 7, 20];
		const cursors = stays.map(() => last);
		const follow = async (stay: number, follower: number) => {
			// Users of their own: how often one may open streams is limited.
			const token = await issuer.token({ sub: `follower-${follower}` });
			for (let cursor = last; isFlowing || cursor < last; cursors[follower] = cursor) {
				const stream = await subscribe(`/events?channel=${channel}&lastEventId=${cursor}`, token);
				expect(await stream.expect("connected")).toMatchObject({ data: { resumed: true } });
				for (let read = 0; read < stay && (isFlowing || cursor < last); read += 1) {
					const { id, event } = await stream.next();
					expect([event, Number(id)]).toEqual([undefined, cursor + 1]);
					cursor += 1;
				}
				await stream.close();
			}
		};
		const followers = Promise.all(stays.map(follow));
		for (let round = 0; round < 60; round += 1) {
			const events = Array.from({ length: 1 + (round % 5) }, (_, index) => ({ data: `${round}.${index}` }));
			last = Number((await published(channel, events)).at(-1));
			// Nobody may fall behind further than the channel remembers: that would be a gap, and rightly so.
			while (Math.min(...cursors) < last - 60) await scheduler.wait(20);
		}
		isFlowing = false;
		await published(channel, { data: "wakes those who wait for one more" });
		await followers;
		expect(Math.min(...cursors)).toBeGreaterThanOrEqual(last);
	});
});

describe("a stream whose token ends", () => {
	it("is warned a minute before, and ends with it", async () => {
		const channel = freshChannel();
		const exp = Math.floor(Date.now() / 1000) + 100;
		const stream = await subscribe(`/events?channel=${channel}&type=order`, await issuer.token({ exp }));
		await stream.expect("connected");
		const [withheld] = await published(channel, { data: "withheld" });
		for (const [until, type] of [
			[exp - 60, "expiring"],
			[exp, "closing"],
		] as const) {
			while (Date.now() < until * 1000) {
				const at = await alarmTime(channel);
				expect(at).toBeLessThanOrEqual(until * 1000 + 250);
				advanceClock((at - Date.now()) / 1000);
				await runAlarm(channel);
			}
			let frame = await stream.next();
			while (frame.event === "heartbeat") frame = await stream.next();
			expect(frame).toMatchObject({ event: type, id: withheld });
		}
		expect(await stream.rest()).toEqual([]);
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ subscribers: 0 });
	});

	it("ends with the tolerance for clocks, where that had begun already", async () => {
		// From here on the clock moves only where the test says so: the second may be nearly over.
		advanceClock(0);
		const channel = freshChannel();
		const exp = Math.floor(Date.now() / 1000) - 30;
		const stream = await subscribe(`/events?channel=${channel}`, await issuer.token({ exp }));
		await stream.expect("connected");
		await stream.expect("expiring");
		advanceClock(29);
		await runAlarm(channel);
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ subscribers: 1 });
		advanceClock(3);
		await runAlarm(channel);
		expect(JSON.parse((await stream.next()).data)).toEqual({ reason: "token_expired", reconnect: true });
	});

	it("lives on when it was renewed in time, and is warned again", async () => {
		const channel = freshChannel();
		const exp = Math.floor(Date.now() / 1000) + 50;
		const stream = await subscribe(`/events?channel=${channel}`, await issuer.token({ exp }));
		const { data } = await stream.expect("connected");
		await stream.expect("expiring");
		const { connection } = data as { connection: string };
		const headers = { Authorization: `Bearer ${await issuer.token({ exp: exp + 100 })}` };
		await call(`/connections/${encodeURIComponent(connection)}`, { method: "PUT", headers });
		advanceClock(60);
		await runAlarm(channel);
		await published(channel, { data: "still here" });
		expect((await stream.next()).data).toBe("still here");
		advanceClock(35);
		await runAlarm(channel);
		expect(await stream.expect("expiring")).toMatchObject({ data: { expires: exp + 100 } });
		await stream.close();
	});
});

describe("a client that stops reading", () => {
	it("is cut once it has taken nothing of a full backlog for five seconds, and no memory goes to it", async () => {
		const channel = freshChannel();
		const response = await call(`/events?channel=${channel}&token=${alice}`);
		const other = await subscribe(`/events?channel=${channel}`, alice);
		await other.expect("connected");
		const data = "x".repeat(60_000);
		for (let event = 0; event < 40; event += 1) {
			await published(channel, { data });
			await other.next();
		}
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ subscribers: 2 });
		advanceClock(6);
		await published(channel, { data: "one more" });
		expect((await other.next()).data).toBe("one more");
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ subscribers: 1 });

		// It reads on: what it left, which is no more than a backlog, and why that is all.
		let bytes = 0;
		let tail = "";
		for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
			bytes += chunk.length;
			tail = (tail + chunk).slice(-200);
		}
		expect(bytes).toBeLessThan(1_048_576 + 2 * 60_100);
		expect(tail).toContain('{"reason":"slow_consumer","reconnect":true}');
		await other.close();
	});

	it("reads on from the log, and has missed nothing, when it was only slow", async () => {
		const channel = freshChannel();
		const slow = await subscribe(`/events?channel=${channel}`, alice);
		await slow.expect("connected");
		// A slow machine takes longer to publish all of it than a slow client may stand still.
		stopClock();
		const data = "x".repeat(60_000);
		const ids: string[] = [];
		for (let event = 0; event < 60; event += 1) ids.push(...(await published(channel, { data })));
		const seen = (await slow.take(10)).map(({ id }) => id);
		while (seen.length < ids.length) {
			advanceClock(1);
			await runAlarm(channel);
			const count = Math.min(5, ids.length - seen.length);
			seen.push(...(await slow.take(count)).map(({ id }) => id));
		}
		expect(seen).toEqual(ids);
		await published(channel, { data: "live again" });
		expect((await slow.next()).data).toBe("live again");
		await slow.close();
	});
});

/** What a channel has on disk. */
function tables(channel: string): Promise<unknown[]> {
	return runInDurableObject(env.CHANNEL.getByName(channel), (_, { storage }) =>
		Array.from(
			storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'"),
			({ name }) => name,
		),
	);
}

describe("a channel that nothing was published to", () => {
	it("writes nothing for its streams, and has no alarm once they have left", async () => {
		const channel = freshChannel();
		const stub = env.CHANNEL.getByName(channel);
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		const other = await subscribe(`/events?channel=${channel}&presence=1`, await issuer.token({ sub: "bob" }));
		expect(await stream.expect("connected")).toMatchObject({ id: "0", data: { resumed: false } });
		expect(await stub.state()).toMatchObject({
			channel,
			head: "0",
			oldest: null,
			buffered: 0,
			subscribers: 2,
			ended: false,
		});
		expect(await tables(channel)).toEqual([]);
		await stream.close();
		await other.close();
		// Writing to them finds that the clients have left.
		await expect.poll(async () => [await runAlarm(channel), (await stub.state()).subscribers]).toEqual([false, 0]);
		expect(await tables(channel)).toEqual([]);
	});

	it("answers refused publishes without writing anything", async () => {
		const channel = freshChannel();
		const refused = await publish(channel, { data: 1 }, { "If-Match": '"5"', "Idempotency-Key": "a" });
		expect(refused.status).toBe(412);
		expect(await tables(channel)).toEqual([]);
		expect(await runAlarm(channel)).toBe(false);
	});

	it("takes its first event on the condition that its head is 0, also while it has streams", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		await stream.expect("connected");
		expect((await publish(channel, { data: 1 }, { "If-Match": '"0"' })).status).toBe(201);
		expect((await publish(channel, { data: 2 }, { "If-Match": '"0"' })).status).toBe(412);
		await stream.close();
	});

	it("resumes from 0 with everything that was published since, and tells what of it is forgotten", async () => {
		const channel = freshChannel();
		const [first] = await published(channel, [{ data: "a" }, { data: "b" }]);
		const whole = await subscribe(`/events?channel=${channel}`, alice, { "Last-Event-ID": "0" });
		expect(await whole.expect("connected")).toMatchObject({ data: { resumed: true } });
		expect((await whole.take(2)).map(({ id, data }) => [id, data])).toEqual([
			[first, "a"],
			[`${Number(first) + 1}`, "b"],
		]);
		await whole.close();
		await published(channel, new Array(99).fill({ data: "pushes the first out" }));
		const trimmed = await subscribe(`/events?channel=${channel}`, alice, { "Last-Event-ID": "0" });
		expect(await trimmed.expect("connected")).toMatchObject({ id: "0", data: { resumed: false } });
		const oldest = `${Number(first) + 1}`;
		expect(await trimmed.expect("gap")).toEqual({
			id: first,
			data: { channel, after: "0", oldest, reason: "trimmed" },
		});
		expect((await trimmed.next()).id).toBe(oldest);
		await trimmed.close();
	});

	it("resumes from 0 with a gap when it was wiped", async () => {
		const channel = freshChannel();
		await published(channel, { data: "a" });
		await env.CHANNEL.getByName(channel).wipe();
		const stream = await subscribe(`/events?channel=${channel}`, alice, { "Last-Event-ID": "0" });
		expect(await stream.expect("connected")).toMatchObject({ data: { resumed: false } });
		expect(await stream.expect("gap")).toMatchObject({ data: { after: "0", oldest: null, reason: "trimmed" } });
		await stream.close();
	});

	it("forgets a revocation after a day, and then has nothing on disk and no alarm", async () => {
		const channel = freshChannel();
		const stub = env.CHANNEL.getByName(channel);
		advanceClock(0);
		await stub.endSubscribers({ user: "alice" });
		expect(await stub.state()).toMatchObject({ head: "0" });
		expect(await tables(channel)).toEqual(["revocations"]);
		expect(await alarmTime(channel)).toBe(Date.now() + DAY_SECONDS * 1000);
		const other = await subscribe(`/events?channel=${channel}`, await issuer.token({ sub: "bob" }));
		await other.expect("connected");
		await other.close();
		await expect.poll(async () => (await stub.state()).subscribers === 0 || (await runAlarm(channel))).toBe(true);
		expect(await tables(channel)).toEqual(["revocations"]);
		advanceClock(DAY_SECONDS);
		await runAlarm(channel);
		expect(await tables(channel)).toEqual([]);
		expect(await runAlarm(channel)).toBe(false);
	});
});

describe("a channel that nobody uses", () => {
	it("frees its storage once nothing in it is younger than it remembers, and sets no more alarms", async () => {
		const channel = freshChannel();
		await published(channel, { data: 1 });
		advanceClock(DAY_SECONDS - 60);
		await runAlarm(channel);
		expect(await tables(channel)).toContain("log");
		advanceClock(120);
		await runAlarm(channel);
		expect(await tables(channel)).toEqual([]);
		expect(await runAlarm(channel)).toBe(false);
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ head: "0", buffered: 0 });
	});

	it("starts again above every offset that it used before", async () => {
		const channel = freshChannel();
		const [before] = await published(channel, { data: 1 });
		advanceClock(DAY_SECONDS + 60);
		await runAlarm(channel);
		const [after] = await published(channel, { data: 1 });
		expect(Number(after)).toBeGreaterThan(Number(before));
	});

	it("waits for a day from when the last stream ended, so that its client can come back", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		const { id } = await stream.expect("connected");
		advanceClock(DAY_SECONDS - 3700);
		await stream.close();
		await published(channel, { data: "finds that the client has left" });
		advanceClock(DAY_SECONDS - 60);
		await runAlarm(channel);
		const token = await issuer.token();
		const back = await subscribe(`/events?channel=${channel}&lastEventId=${id}`, token);
		expect(await back.expect("connected")).toMatchObject({ data: { resumed: true } });
		await back.close();
	});

	it("is kept when its object died with streams open: their clients are on their way back", async () => {
		const channel = freshChannel();
		await published(channel, { data: 1 });
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		const { id } = await stream.expect("connected");
		advanceClock(DAY_SECONDS * 2);
		await abortAllDurableObjects();
		await runAlarm(channel);
		expect(await tables(channel)).toContain("log");
		const back = await subscribe(`/events?channel=${channel}&lastEventId=${id}`, await issuer.token());
		expect(await back.expect("connected")).toMatchObject({ data: { resumed: true } });
		await back.close();
	});

	it("is kept while somebody is refused there", async () => {
		const channel = freshChannel();
		await published(channel, { data: 1 });
		advanceClock(DAY_SECONDS / 2);
		await env.CHANNEL.getByName(channel).endSubscribers({ user: "alice" });
		advanceClock(DAY_SECONDS / 2 + 60);
		await runAlarm(channel);
		expect(await tables(channel)).toContain("log");
	});

	it("keeps no timer running once the last stream has ended, so that its object can be evicted", async () => {
		const channel = freshChannel();
		const stub = env.CHANNEL.getByName(channel);
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		// Who lets a channel sleep beats the heart elsewhere.
		expect((await alarmTime(channel)) - Date.now() < 26_000).toBe(!CHANNELS_SLEEP);
		await stream.close();
		await published(channel, { data: "finds that the client has left" });
		expect((await alarmTime(channel)) - Date.now()).toBeGreaterThan((DAY_SECONDS - 60) * 1000);
		const seen = new Set<unknown>();
		await runInDurableObject(stub, (object) => void seen.add(object));
		await evictDurableObject(stub);
		await runInDurableObject(stub, (object) => void seen.add(object));
		expect(seen.size).toBe(2);
	});
});
