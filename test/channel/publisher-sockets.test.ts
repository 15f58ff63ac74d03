import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { advanceClock, alarmTime, runAlarm, stopClock } from "../support/clock.ts";
import { TestIssuer } from "../support/issuer.ts";
import { type Line, watchLines } from "../support/lines.ts";
import { MessageReader } from "../support/message-reader.ts";
import { readChannelMetrics } from "../support/metrics.ts";
import { call, evict, freshChannel, PUBLISH_KEY, problem, published, subscribe } from "../support/service.ts";
import { openPublisher, type SocketReader } from "../support/socket.ts";

const KEY = { Authorization: `Bearer ${PUBLISH_KEY}` };

let issuer: TestIssuer;
const open: SocketReader[] = [];

beforeAll(async () => {
	issuer = await TestIssuer.start();
});

afterEach(() => {
	for (const socket of open.splice(0)) if (socket.closeCode === undefined) socket.close();
	vi.useRealTimers();
	vi.restoreAllMocks();
});

async function publisher(channel: string, credential = PUBLISH_KEY, query = ""): Promise<SocketReader> {
	const socket = await openPublisher(channel, credential, query);
	open.push(socket);
	return socket;
}

/** The WebSocket of a user, whose token ends after so many seconds. */
async function userPublisher(channel: string, seconds = 3600, sub = "alice"): Promise<SocketReader> {
	const exp = Math.floor(Date.now() / 1000) + seconds;
	return await publisher(channel, await issuer.token({ sub, publish: ["*"], exp }));
}

/** Publishes an event, and returns its id. */
async function sent(socket: SocketReader, data: unknown = "x"): Promise<string> {
	socket.send({ ref: 1, events: [{ data }] });
	const { ids } = (await socket.next()) as { ids: string[] };
	return ids[0] ?? "";
}

describe("a publisher who stays while the channel sleeps", () => {
	it("goes on as before", async () => {
		const channel = freshChannel();
		const socket = await publisher(channel);
		const first = await sent(socket);
		await evict(channel);
		expect(Number(await sent(socket))).toBe(Number(first) + 1);
	});

	it("has the idempotency keys and the time to linger that it had", async () => {
		const channel = freshChannel();
		const socket = await publisher(channel, PUBLISH_KEY, "?linger=200");
		const message = { ref: 1, events: [{ data: 1 }], idempotencyKey: "k" };
		socket.send(message);
		const answer = await socket.next();
		await evict(channel);
		const from = performance.now();
		socket.send(message);
		expect(await socket.next()).toEqual(answer);
		expect(performance.now() - from).toBeGreaterThan(190);
	});
});

/** From now on counts how often a channel's object waits for its disk. */
async function countSyncs(channel: string): Promise<() => number> {
	let syncs = 0;
	await runInDurableObject(env.CHANNEL.getByName(channel), (_, state) => {
		const sync = state.storage.sync.bind(state.storage);
		state.storage.sync = async () => {
			syncs += 1;
			await sync();
		};
	});
	return () => syncs;
}

describe("messages that follow each other", () => {
	it("are stored in a few groups, although each could be stored at once", async () => {
		const channel = freshChannel();
		const socket = await publisher(channel);
		await sent(socket, "makes the log");
		const syncs = await countSyncs(channel);
		for (let ref = 1; ref <= 200; ref += 1) socket.send({ ref, events: [{ data: ref }] });
		await socket.take(200);
		expect(syncs()).toBeLessThan(50);
	});
});

describe("messages that linger", () => {
	it("are stored together, and are shown then", async () => {
		const channel = freshChannel();
		const socket = await publisher(channel, PUBLISH_KEY, "?linger=50");
		await sent(socket, "makes the log");
		const syncs = await countSyncs(channel);
		for (let ref = 1; ref <= 20; ref += 1) socket.send({ ref, events: [{ data: ref }] });
		const answers = (await socket.take(20)) as { ref: number; ids: string[] }[];
		expect(answers.map(({ ref }) => ref)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
		expect(syncs()).toBe(1);
	});
});

describe("a publisher whose token ends", () => {
	it("is closed with it, also while the channel sleeps and nobody listens", async () => {
		const channel = freshChannel();
		const socket = await userPublisher(channel, 100);
		await sent(socket);
		await evict(channel);
		expect(await alarmTime(channel)).toBeLessThan(Date.now() + 101_000);
		advanceClock(101);
		await runAlarm(channel);
		expect([await socket.closed(), socket.closeReason]).toEqual([4401, "token_expired"]);
	});

	it("publishes nothing afterwards, though the alarm is late", async () => {
		const channel = freshChannel();
		const socket = await userPublisher(channel, 100);
		await sent(socket);
		advanceClock(101);
		socket.send({ ref: 2, events: [{ data: "late" }] });
		expect(await socket.closed()).toBe(4401);
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ buffered: 1 });
	});

	it("is closed in time where streams come and go meanwhile", async () => {
		const channel = freshChannel();
		const socket = await userPublisher(channel, 100);
		await sent(socket);
		const stream = await subscribe(`/events?channel=${channel}`, await issuer.token());
		await stream.close();
		await published(channel, { data: "finds that the client has left" });
		await expect.poll(() => env.CHANNEL.getByName(channel).subscribers()).toEqual([]);
		expect(await alarmTime(channel)).toBeLessThan(Date.now() + 101_000);
		advanceClock(101);
		await runAlarm(channel);
		expect(await socket.closed()).toBe(4401);
	});

	it("is closed in time in a channel that has nothing to keep, and frees its storage before", async () => {
		const channel = freshChannel();
		const socket = await userPublisher(channel, 100);
		const stream = await subscribe(`/events?channel=${channel}`, await issuer.token());
		await call(`/channels/${channel}/subscribers?connection=${await connectionOf(channel)}`, {
			method: "DELETE",
			headers: KEY,
		});
		await stream.close();
		await expect.poll(() => alarmTime(channel)).toBeLessThan(Date.now() + 101_000);
		advanceClock(101);
		await runAlarm(channel);
		expect(await socket.closed()).toBe(4401);
	});

	it("leaves the channel to be freed when its time has come", async () => {
		const channel = freshChannel();
		const socket = await userPublisher(channel, 100);
		await sent(socket);
		advanceClock(101);
		await runAlarm(channel);
		await socket.closed();
		for (let alarms = 0; alarms < 3; alarms += 1) {
			vi.useRealTimers();
			stopClock((await alarmTime(channel)) + 1);
			await runAlarm(channel);
			if ((await env.CHANNEL.getByName(channel).state()).head === "0") return;
		}
		throw new Error("The channel was not freed.");
	});
});

async function connectionOf(channel: string): Promise<string> {
	const [subscriber] = await env.CHANNEL.getByName(channel).subscribers();
	return encodeURIComponent(subscriber?.connection ?? "");
}

describe("a revocation", () => {
	const revoke = (channel: string) =>
		call(`/channels/${channel}/subscribers?user=alice`, { method: "DELETE", headers: KEY });

	it.each([
		["", false],
		[", also when the channel was asleep", true],
	])("closes the publishers of the user, and no others%s", async (_, isAsleep) => {
		const channel = freshChannel();
		const [revoked, other, backend] = [
			await userPublisher(channel),
			await userPublisher(channel, 3600, "bob"),
			await publisher(channel),
		];
		if (isAsleep) await evict(channel);
		expect(await (await revoke(channel)).json()).toEqual({ channel, ended: 0 });
		expect([await revoked.closed(), revoked.closeReason]).toEqual([4401, "revoked"]);
		await sent(other);
		await sent(backend);
	});

	it("keeps the user from publishing with the same token", async () => {
		const channel = freshChannel();
		const token = await issuer.token({ publish: ["*"] });
		await revoke(channel);
		const response = await call(`/channels/${channel}/publish`, {
			headers: { Upgrade: "websocket", Authorization: `Bearer ${token}` },
		});
		expect(await problem(response)).toMatchObject({ status: 401, code: "invalid_token" });
	});
});

describe("a channel that is wiped", () => {
	it("keeps its publishers", async () => {
		const channel = freshChannel();
		const socket = await publisher(channel);
		const before = await sent(socket);
		await call(`/channels/${channel}`, { method: "DELETE", headers: KEY });
		expect(Number(await sent(socket))).toBeGreaterThan(Number(before));
	});
});

describe("a publisher who has ended", () => {
	it("is not heard, whatever it goes on to send, also after the channel has slept", async () => {
		const channel = freshChannel();
		const stays = await publisher(channel);
		const { webSocket } = await call(`/channels/${channel}/publish`, { headers: { ...KEY, Upgrade: "websocket" } });
		if (!webSocket) throw new Error("The WebSocket was refused.");
		// It does not close when the service does.
		webSocket.accept({ allowHalfOpen: true });
		const theirs = new MessageReader(webSocket);
		theirs.send("nonsense");
		expect(await theirs.closed()).toBe(4400);
		theirs.send({ ref: 1, events: [{ data: "too late" }] });
		await evict(channel);
		theirs.send({ ref: 2, events: [{ data: "too late" }] });
		await sent(stays);
		theirs.close();
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ buffered: 1 });
	});
});

describe("what is counted of a publisher who stays", () => {
	it("is what was stored, in the channel's metrics", async () => {
		const channel = freshChannel();
		const socket = await publisher(channel);
		socket.send({ ref: 1, events: [{ data: 1 }, { data: 2 }], idempotencyKey: "k" });
		socket.send({ ref: 2, events: [{ data: 1 }, { data: 2 }], idempotencyKey: "k" });
		socket.send({ ref: 3, events: [] });
		await socket.take(3);
		expect(await readChannelMetrics(channel)).toMatchObject({
			events_published_total: 2,
			publish_duration_seconds_count: 1,
		});
	});
});

describe("the line of a publisher's WebSocket that was closed", () => {
	let lines: Line[];

	beforeEach(() => {
		lines = watchLines();
	});

	/** Its lines that tell of an end. Others may still end at this time. */
	const closing = (of: string) => {
		const fields = lines.map(({ fields }) => fields).filter(({ channel }) => channel === of);
		return fields.filter(({ message }) => `${message}`.includes("was closed"));
	};

	it("tells what came over it, also before the channel slept", async () => {
		const channel = freshChannel();
		const socket = await publisher(channel);
		socket.send({ ref: 1, events: [{ data: 1 }, { data: 2 }] });
		await socket.next();
		await evict(channel);
		socket.send({ ref: 2, events: [{ data: 3 }] });
		socket.send({ ref: 3, events: [] });
		await socket.take(2);
		socket.close();
		await expect
			.poll(() => closing(channel))
			.toEqual([
				{
					level: "info",
					message: "A publisher's WebSocket was closed.",
					request: expect.any(String),
					channel,
					publisher: expect.stringMatching(/^key:/),
					closeCode: 1000,
					messages: 3,
					events: 3,
					milliseconds: expect.any(Number),
					reason: "",
				},
			]);
	});

	it("tells why the service closed it, once, and not who the user is", async () => {
		const channel = freshChannel();
		const socket = await userPublisher(channel);
		await call(`/channels/${channel}/subscribers?user=alice`, { method: "DELETE", headers: KEY });
		await socket.closed();
		await evict(channel);
		expect(closing(channel)).toMatchObject([{ closeCode: 4401, reason: "revoked", messages: 0 }]);
		expect(closing(channel)[0]).not.toHaveProperty("publisher");
	});
});
