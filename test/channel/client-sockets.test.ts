import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { advanceClock, alarmTime, runAlarm, stopClock } from "../support/clock.ts";
import { TestIssuer } from "../support/issuer.ts";
import { call, evict, freshChannel, PUBLISH_KEY, problem, published } from "../support/service.ts";
import { SocketReader } from "../support/socket.ts";

/** WebSocket clients that end in the channel's object: what is theirs alone. The rest is in test/conformance/websocket.test.ts. */

let issuer: TestIssuer;
let alice: string;

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await issuer.token({ role: "admin" });
});

afterEach(() => {
	vi.useRealTimers();
});

/** Opens a WebSocket of one channel, which needs no `auth`. */
async function open(channel: string, { token = alice, query = "" } = {}): Promise<SocketReader> {
	return await SocketReader.open({}, undefined, `/ws?channel=${channel}&token=${token}${query}`);
}

/** The same, and reads `connected`. */
async function opened(channel: string, options = {}): Promise<{ socket: SocketReader; connected: Connected }> {
	const socket = await open(channel, options);
	return { socket, connected: (await socket.next()) as Connected };
}

interface Connected {
	type: string;
	id: string;
	connection: string;
	expires: number;
}

async function administer(method: string, path: string): Promise<unknown> {
	const response = await call(path, { method, headers: { Authorization: `Bearer ${PUBLISH_KEY}` } });
	expect(response.status).toBe(200);
	return await response.json();
}

function subscribers(channel: string) {
	return env.CHANNEL.getByName(channel).subscribers();
}

function inSeconds(seconds: number): number {
	return Math.floor(Date.now() / 1000) + seconds;
}

describe("a WebSocket whose channel sleeps", () => {
	it("gets what is published, filtered as before", async () => {
		const channel = freshChannel();
		const { socket } = await opened(channel, { query: "&type=order" });
		await evict(channel);
		const ids = await published(channel, [
			{ type: "noise", data: 1 },
			{ type: "order", data: 2, to: { user: "bob" } },
			{ type: "order", data: 3, to: { claims: { role: "admin" } } },
		]);
		expect(await socket.next()).toMatchObject({ type: "event", id: ids[2], data: 3 });
		socket.close();
	});

	it("is counted and listed as before, and ends when it is revoked", async () => {
		const channel = freshChannel();
		const { socket, connected } = await opened(channel);
		const before = await subscribers(channel);
		await evict(channel);
		expect(await subscribers(channel)).toEqual(before);
		expect(before).toMatchObject([{ connection: connected.connection, user: "alice" }]);
		expect(await administer("DELETE", `/channels/${channel}/subscribers?user=alice`)).toMatchObject({ ended: 1 });
		expect(await socket.next()).toEqual({ type: "closing", id: connected.id, reason: "revoked", reconnect: false });
		expect(await socket.closed()).toBe(4403);
		await evict(channel);
		expect(await subscribers(channel)).toEqual([]);
	});

	it("is renewed by an `auth` of its user, whose claims hold from then on", async () => {
		const channel = freshChannel();
		const { socket } = await opened(channel, { token: await issuer.token({ exp: inSeconds(100) }) });
		await evict(channel);
		const expires = inSeconds(900);
		socket.send({ type: "auth", token: await issuer.token({ exp: expires, role: "boss" }) });
		expect(await socket.next()).toMatchObject({ type: "connected", resumed: true, expires });
		await evict(channel);
		await published(channel, { data: "for bosses", to: { claims: { role: "boss" } } });
		expect(await socket.next()).toMatchObject({ data: "for bosses" });
		socket.close();
	});

	it("is renewed by its connection, too", async () => {
		const channel = freshChannel();
		const { socket, connected } = await opened(channel, { token: await issuer.token({ exp: inSeconds(100) }) });
		await evict(channel);
		const token = await issuer.token({ exp: inSeconds(900) });
		const response = await call(`/connections/${connected.connection}`, {
			method: "PUT",
			headers: { Authorization: `Bearer ${token}` },
		});
		expect(await response.json()).toMatchObject({ connection: connected.connection });
		await published(channel, { data: 1 });
		expect(await socket.next()).toMatchObject({ data: 1 });
		socket.close();
	});

	it("leaves its channel when its client closes it, and the others are told", async () => {
		const channel = freshChannel();
		const { socket } = await opened(channel);
		const other = await open(channel, { token: await issuer.token({ sub: "bob" }), query: "&presence=1" });
		await other.take(2);
		await evict(channel);
		socket.close();
		expect(await other.next()).toMatchObject({ type: "presence", user: "alice", state: "offline" });
		expect(await socket.closed()).toBe(1000);
		other.close();
		await expect.poll(() => subscribers(channel)).toEqual([]);
	});

	it("is warned once that its credentials end, and closed when they have", async () => {
		const channel = freshChannel();
		const expires = inSeconds(300);
		const { socket, connected } = await opened(channel, { token: await issuer.token({ exp: expires }) });
		for (const seconds of [245, 10]) {
			advanceClock(seconds);
			await evict(channel);
			await runAlarm(channel);
		}
		expect(await socket.next()).toEqual({ type: "expiring", id: connected.id, expires });
		expect(await socket.next()).toEqual({ type: "heartbeat" });
		advanceClock(60);
		await evict(channel);
		await runAlarm(channel);
		expect(await socket.next()).toEqual({ type: "heartbeat" });
		expect(await socket.next()).toMatchObject({ type: "closing", reason: "token_expired", reconnect: true });
		expect(await socket.closed()).toBe(4401);
	});

	it("is told in a heartbeat of events that were withheld, and once only", async () => {
		const channel = freshChannel();
		const { socket } = await opened(channel, { query: "&type=order" });
		const [id] = await published(channel, { type: "noise", data: 1 });
		for (const _ of [1, 2]) {
			await evict(channel);
			advanceClock(25);
			await runAlarm(channel);
		}
		expect(await socket.next()).toEqual({ type: "heartbeat", id });
		expect(await socket.next()).toEqual({ type: "heartbeat" });
		expect((await alarmTime(channel)) - Date.now()).toBeLessThanOrEqual(25_000);
		socket.close();
	});

	it("keeps its place in a replay that was not finished", async () => {
		const channel = freshChannel();
		const data = "x".repeat(60_000);
		const ids: string[] = [];
		for (let event = 0; event < 20; event += 1) ids.push(...(await published(channel, { data })));
		const { socket } = await opened(channel, { query: "&rewind=all" });
		await evict(channel);
		await published(channel, { data: "live" });
		for (const id of ids) expect(await socket.next()).toMatchObject({ id });
		expect(await socket.next()).toMatchObject({ data: "live" });
		socket.close();
	});
});

describe("a ping to a channel", () => {
	it("is answered, and is a sign of life: without another one for two heartbeats, the client has gone", async () => {
		const channel = freshChannel();
		const { socket } = await opened(channel);
		socket.send({ type: "ping" });
		expect(await socket.next()).toEqual({ type: "pong" });
		await evict(channel);
		advanceClock(25);
		await runAlarm(channel);
		expect(await socket.next()).toEqual({ type: "heartbeat" });
		expect(await subscribers(channel)).toHaveLength(1);
		advanceClock(26);
		await runAlarm(channel);
		expect(await subscribers(channel)).toEqual([]);
		expect(await socket.closed()).toBe(1013);
	});

	it("is answered as well where it is not written as usual", async () => {
		const channel = freshChannel();
		const { socket } = await opened(channel);
		socket.send('{"type": "ping"}');
		expect(await socket.next()).toEqual({ type: "pong" });
		await evict(channel);
		advanceClock(51);
		await runAlarm(channel);
		expect(await subscribers(channel)).toEqual([]);
	});
});

describe("a message to a channel that is refused", () => {
	it.each([
		["is not JSON", "hello", "invalid_request", 4400],
		["is of no known type", { type: "publish" }, "invalid_request", 4400],
		["is too long", "x".repeat(40_000), "payload_too_large", 4400],
		["has no credentials", { type: "auth" }, "missing_token", 4401],
		["has a token that is none", { type: "auth", token: "x" }, "invalid_token", 4401],
		["has a publish key for a token", { type: "auth", token: PUBLISH_KEY }, "invalid_token", 4401],
	])("because it %s gets its code, and the connection ends", async (_, message, code, closeCode) => {
		const channel = freshChannel();
		const { socket } = await opened(channel);
		await evict(channel);
		socket.send(message);
		expect(await socket.next()).toMatchObject({ type: "error", code, detail: expect.any(String) });
		expect(await socket.closed()).toBe(closeCode);
		await expect.poll(() => subscribers(channel)).toEqual([]);
	});

	it("because it is binary ends the connection", async () => {
		const { socket } = await opened(freshChannel());
		socket.sendBytes(new Uint8Array(10));
		expect(await socket.next()).toMatchObject({ type: "error", code: "invalid_request" });
		expect(await socket.closed()).toBe(4400);
	});

	it("because its token is somebody else's, or does not grant the channel, ends the connection", async () => {
		for (const claims of [{ sub: "bob" }, { channels: ["other"] }]) {
			const { socket } = await opened(freshChannel());
			socket.send({ type: "auth", token: await issuer.token(claims) });
			expect(await socket.next()).toMatchObject({ type: "error", code: "insufficient_scope" });
			expect(await socket.closed()).toBe(4403);
		}
	});

	it("because there are more than 1,000 in 10 seconds ends the connection", async () => {
		const { socket } = await opened(freshChannel());
		// A slow machine takes longer than 10 seconds.
		stopClock();
		const ping = async () => {
			socket.send('{ "type": "ping" }');
			return await socket.next();
		};
		for (let message = 0; message < 1000; message += 1) expect(await ping()).toEqual({ type: "pong" });
		expect(await ping()).toMatchObject({ type: "error", code: "rate_limited" });
		expect(await socket.closed()).toBe(1013);
	});

	it("is not handled any more when the stream has ended", async () => {
		const channel = freshChannel();
		const { socket, connected } = await opened(channel);
		socket.send({ type: "auth", token: alice });
		socket.send("hello");
		await administer("DELETE", `/channels/${channel}/subscribers?connection=${connected.connection}`);
		const types: string[] = [];
		while (types.at(-1) !== "closing") types.push(((await socket.next()) as Connected).type);
		expect(types).not.toContain("error");
		expect(await socket.closed()).toBe(4403);
	});
});

describe("a request for a WebSocket of one channel", () => {
	it("is refused when the user has as many streams as may be", async () => {
		const channel = freshChannel();
		const sockets = await Promise.all(Array.from({ length: 20 }, () => open(channel)));
		const response = await call(`/ws?channel=${channel}&token=${alice}`, { headers: { Upgrade: "websocket" } });
		expect(await problem(response)).toMatchObject({ status: 429, code: "too_many_connections" });
		for (const socket of sockets) socket.close();
	});
});
