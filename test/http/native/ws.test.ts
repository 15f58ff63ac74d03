import { abortAllDurableObjects, createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { AuthenticatedUser, AuthorisationHooks } from "../../../src/auth/hooks.ts";
import { createApp } from "../../../src/http/app.ts";
import { advanceClock, holdTimers, stopClock } from "../../support/clock.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { call, evict, freshChannel, PUBLISH_KEY, problem, published } from "../../support/service.ts";
import { SocketReader } from "../../support/socket.ts";

let issuer: TestIssuer;
let alice: string;

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await issuer.token();
});

afterEach(() => {
	vi.useRealTimers();
});

async function open(auth: object): Promise<SocketReader> {
	const socket = await SocketReader.open();
	socket.send({ type: "auth", ...auth });
	return socket;
}

async function administer(method: string, path: string): Promise<void> {
	const response = await call(path, { method, headers: { Authorization: `Bearer ${PUBLISH_KEY}` } });
	expect(response.status).toBe(200);
}

describe("GET /ws", () => {
	it("takes a ticket as well as a token", async () => {
		const channel = freshChannel();
		const response = await call("/tickets", {
			method: "POST",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" },
			body: JSON.stringify({ user: "carol", channels: [channel] }),
		});
		const { ticket } = (await response.json()) as { ticket: string };
		const socket = await open({ ticket, channels: [channel] });
		expect(await socket.next()).toMatchObject({ type: "connected", user: "carol" });
		socket.close();
	});

	it.each(["control=0", "gap=ignore"])("has no plain streams: %s", async (query) => {
		const headers = { Upgrade: "websocket", Authorization: `Bearer ${alice}` };
		const refusal = await problem(await call(`/ws?channel=${freshChannel()}&${query}`, { headers }));
		const detail = expect.stringMatching(/must be (1|left out): a WebSocket has control messages/);
		expect(refusal).toMatchObject({ status: 400, code: "invalid_request", detail });
	});

	it("lives on with a fresh token of the same user, whose claims hold from then on", async () => {
		const channel = freshChannel();
		const now = Math.floor(Date.now() / 1000);
		const socket = await open({ token: await issuer.token({ exp: now + 100 }), channels: [channel] });
		expect(await socket.next()).toMatchObject({ expires: now + 100 });
		socket.send({ type: "auth", token: await issuer.token({ exp: now + 900, role: "admin" }) });
		expect(await socket.next()).toMatchObject({ type: "connected", resumed: true, expires: now + 900 });
		await published(channel, { data: "for admins", to: { claims: { role: "admin" } } });
		expect(await socket.next()).toMatchObject({ data: "for admins" });
		socket.close();
	});

	it("ends with 4403 for a fresh token of somebody else", async () => {
		const socket = await open({ token: alice, channels: [freshChannel()] });
		await socket.next();
		socket.send({ type: "auth", token: await issuer.token({ sub: "bob" }) });
		expect(await socket.next()).toMatchObject({ type: "error", code: "insufficient_scope" });
		expect(await socket.closed()).toBe(4403);
	});

	it("stays open while its channels sleep and die", async () => {
		const channel = freshChannel();
		const socket = await open({ token: alice, channels: [channel] });
		await socket.next();
		await evict(channel);
		await published(channel, { data: "woken" });
		expect(await socket.next()).toMatchObject({ data: "woken" });
		await abortAllDurableObjects();
		await published(channel, { data: "back" });
		expect(await socket.next()).toMatchObject({ data: "back" });
		socket.close();
	});

	it("agrees on the subprotocol `tidings` when it is offered", async () => {
		const upgrade = (headers: HeadersInit) => call("/ws", { headers: { Upgrade: "websocket", ...headers } });
		const offered = await upgrade({ "Sec-WebSocket-Protocol": "other, tidings", Origin: "https://example.com" });
		expect(offered.headers.get("Sec-WebSocket-Protocol")).toBe("tidings");
		expect((await upgrade({})).headers.get("Sec-WebSocket-Protocol")).toBeNull();
	});

	it("is only for WebSockets", async () => {
		expect(await problem(await call("/ws"))).toMatchObject({ status: 400, code: "invalid_request" });
	});
});

describe("a request for a WebSocket with credentials", () => {
	const upgrade = (query: string, headers = {}) =>
		call(`/ws?${query}`, { headers: { Upgrade: "websocket", ...headers } });

	it.each([
		["names what can be no channel", "channel=a+b", 400, "invalid_channel"],
		["names a channel that is not granted", "channel=secret", 403, "insufficient_scope"],
		["asks for no number of events", "channel=chat:1&rewind=-1", 400, "invalid_request"],
		["asks for a reserved type", "channel=chat:1&type=gap", 400, "invalid_request"],
		["names two starts", "channel=chat:1&rewind=1&since=0", 400, "invalid_request"],
		["misspells a parameter", "channel=chat:1&types=a", 400, "invalid_request"],
		["has two credentials", "channel=chat:1&ticket=x", 400, "invalid_request"],
	])("that %s is answered with an error in place of the WebSocket", async (_, query, status, code) => {
		expect(await problem(await upgrade(`${query}&token=${alice}`))).toMatchObject({ status, code });
	});

	it("that are not good is answered with an error in place of the WebSocket", async () => {
		const token = await issuer.token({ exp: Math.floor(Date.now() / 1000) - 3600 });
		expect(await problem(await upgrade(`channel=chat:1&token=${token}`))).toMatchObject({ code: "token_expired" });
		expect(await problem(await upgrade("channel=chat:1&ticket=x"))).toMatchObject({ code: "invalid_token" });
		const basic = await upgrade("channel=chat:1", { Authorization: "Basic x" });
		expect(await problem(basic)).toMatchObject({ code: "unsupported_auth_scheme" });
	});

	it("takes them from the header as well, a cursor from either, and agrees on the subprotocol", async () => {
		const channel = freshChannel();
		const [first] = await published(channel, [{ data: 1 }, { data: 2 }]);
		for (const [headers, query] of [
			[{ "Last-Event-ID": first }, ""],
			[{}, `&lastEventId=${first}`],
			[{}, `&cursor=${first}`],
		] as const) {
			const socket = await SocketReader.open(
				{ Authorization: `Bearer ${alice}`, ...headers },
				undefined,
				`/ws?channel=${channel}${query}`,
			);
			expect(await socket.next()).toMatchObject({ type: "connected", id: first, resumed: true });
			expect(await socket.next()).toMatchObject({ data: 2 });
			socket.close();
		}
		const offered = await upgrade(`channel=${channel}&token=${alice}`, { "Sec-WebSocket-Protocol": "tidings" });
		expect(offered.headers.get("Sec-WebSocket-Protocol")).toBe("tidings");
	});

	it("may ask for the inbox alone, or with a channel", async () => {
		for (const [query, channels] of [
			["inbox=1", ["user:alice"]],
			["inbox=1&channel=chat:1", ["chat:1", "user:alice"]],
		] as const) {
			const socket = await SocketReader.open({}, undefined, `/ws?${query}&token=${alice}`);
			expect(await socket.next()).toMatchObject({ type: "connected", channels });
			socket.close();
		}
	});
});

describe("a message that is refused", () => {
	it("because its token is over is told so", async () => {
		const token = await issuer.token({ exp: Math.floor(Date.now() / 1000) - 3600 });
		const socket = await open({ token, channels: ["orders"] });
		expect(await socket.next()).toMatchObject({ type: "error", code: "token_expired" });
		expect(await socket.closed()).toBe(4401);
	});
});

describe("what a WebSocket may send", () => {
	it("is refused at once when it is too large, whatever waits before it", async () => {
		const socket = await hookedSocket({ authenticate: never });
		socket.send({ type: "auth", token: "x", channels: ["orders"] });
		socket.send("x".repeat(40_000));
		expect(await socket.next()).toMatchObject({ type: "error", code: "payload_too_large" });
		expect(await socket.closed()).toBe(4400);
	});

	it("is refused at once when it is no text", async () => {
		const socket = await hookedSocket({ authenticate: never });
		socket.send({ type: "auth", token: "x", channels: ["orders"] });
		socket.sendBytes(new Uint8Array(10));
		expect(await socket.next()).toMatchObject({ type: "error", code: "invalid_request" });
		expect(await socket.closed()).toBe(4400);
	});

	it("is 32 messages while one is worked on, and no more", async () => {
		const socket = await hookedSocket({ authenticate: never });
		socket.send({ type: "auth", token: "x", channels: ["orders"] });
		for (let message = 0; message < 34; message += 1) socket.send({ type: "ping" });
		expect(await socket.next()).toMatchObject({ type: "error", code: "rate_limited" });
		expect(await socket.closed()).toBe(1013);
	});

	it("is 1,000 messages in 10 seconds, and no more", async () => {
		stopClock();
		const socket = await SocketReader.open();
		const ping = async () => {
			socket.send({ type: "ping" });
			return await socket.next();
		};
		for (let message = 0; message < 1000; message += 1) expect(await ping()).toEqual({ type: "pong" });
		advanceClock(10);
		for (let message = 0; message < 1000; message += 1) expect(await ping()).toEqual({ type: "pong" });
		expect(await ping()).toMatchObject({ type: "error", code: "rate_limited" });
		expect(await socket.closed()).toBe(1013);
	});

	it("changes nothing after the stream has ended", async () => {
		const channel = freshChannel();
		const socket = await open({ token: alice, channels: [channel] });
		await socket.next();
		await administer("DELETE", `/channels/${channel}/subscribers?user=alice`);
		socket.send({ type: "ping" });
		expect(await socket.next()).toMatchObject({ type: "closing" });
		expect(await socket.closed()).toBe(4403);
	});
});

describe("the first 10 seconds of a WebSocket", () => {
	it("end it when no `auth` has come", async () => {
		holdTimers();
		const socket = await hookedSocket({});
		vi.advanceTimersByTime(9999);
		socket.send({ type: "ping" });
		expect(await socket.next()).toEqual({ type: "pong" });
		vi.advanceTimersByTime(1);
		expect(await socket.next()).toMatchObject({ type: "error", code: "missing_token" });
		expect(await socket.closed()).toBe(4401);
	});

	it.each([
		["authenticate", (hang: () => Promise<never>) => ({ authenticate: hang })],
		["authorizeSubscribe", (hang: () => Promise<never>) => ({ authenticate, authorizeSubscribe: hang })],
	])("end it when the %s hook has not answered", async (_, hooksWith) => {
		holdTimers();
		const asked = Promise.withResolvers<void>();
		const hooks = hooksWith(() => {
			asked.resolve();
			return never();
		});
		const socket = await hookedSocket(hooks);
		socket.send({ type: "auth", token: "x", channels: [freshChannel()] });
		await asked.promise;
		vi.advanceTimersByTime(10_000);
		expect(await socket.next()).toMatchObject({ type: "error", code: "internal_error" });
		expect(await socket.closed()).toBe(1013);
	});

	it("leave it open when `auth` was answered", async () => {
		holdTimers();
		const socket = await hookedSocket({ authenticate });
		socket.send({ type: "auth", token: "x", channels: [freshChannel()] });
		expect(await socket.next()).toMatchObject({ type: "connected" });
		vi.advanceTimersByTime(10_000);
		socket.send({ type: "ping" });
		expect(await socket.next()).toEqual({ type: "pong" });
		socket.close();
	});
});

function authenticate(): AuthenticatedUser {
	return { sub: "alice", channels: ["*"], expires: Date.now() / 1000 + 600 };
}

describe("a WebSocket that has pinged", () => {
	/** The next message that is no heartbeat. */
	async function heard(socket: SocketReader): Promise<unknown> {
		for (;;) {
			const message = (await socket.next()) as { type: string };
			if (message.type !== "heartbeat") return message;
		}
	}

	async function connected(channel: string, ...first: object[]): Promise<SocketReader> {
		holdTimers();
		const socket = await hookedSocket({ authenticate });
		for (const message of first) socket.send(message);
		socket.send({ type: "auth", token: "x", channels: [channel] });
		return socket;
	}

	async function subscribers(channel: string): Promise<unknown> {
		const headers = { Authorization: `Bearer ${PUBLISH_KEY}` };
		return ((await (await call(`/channels/${channel}`, { headers })).json()) as { subscribers: number }).subscribers;
	}

	it("has gone when it says nothing for two heartbeats, and is closed", async () => {
		const channel = freshChannel();
		const socket = await connected(channel);
		expect(await heard(socket)).toMatchObject({ type: "connected" });
		for (let ping = 0; ping < 3; ping += 1) {
			socket.send({ type: "ping" });
			expect(await heard(socket)).toEqual({ type: "pong" });
			vi.advanceTimersByTime(49_999);
		}
		expect(await subscribers(channel)).toBe(1);
		vi.advanceTimersByTime(1);
		expect(await socket.closed()).toBe(1013);
		await expect.poll(() => subscribers(channel)).toBe(0);
	});

	it("has gone also when it pinged before its `auth` only", async () => {
		const socket = await connected(freshChannel(), { type: "ping" });
		expect(await heard(socket)).toEqual({ type: "pong" });
		expect(await heard(socket)).toMatchObject({ type: "connected" });
		vi.advanceTimersByTime(50_000);
		expect(await socket.closed()).toBe(1013);
	});

	it("is still there when it says anything else", async () => {
		const channel = freshChannel();
		const socket = await connected(channel, { type: "ping" });
		expect(await heard(socket)).toEqual({ type: "pong" });
		expect(await heard(socket)).toMatchObject({ type: "connected" });
		vi.advanceTimersByTime(49_999);
		socket.send({ type: "auth", token: "x" });
		expect(await heard(socket)).toMatchObject({ type: "connected", resumed: true });
		vi.advanceTimersByTime(49_999);
		expect(await subscribers(channel)).toBe(1);
		socket.close();
	});

	it("is unlike one that never has, which stays", async () => {
		const channel = freshChannel();
		const socket = await connected(channel);
		expect(await heard(socket)).toMatchObject({ type: "connected" });
		vi.advanceTimersByTime(500_000);
		await published(channel, { data: "still here" });
		expect(await heard(socket)).toMatchObject({ data: "still here" });
		socket.close();
	});
});

/** What a hook does that hangs. */
function never(): Promise<never> {
	return new Promise(() => {});
}

/** A WebSocket of a service with hooks. */
async function hookedSocket(hooks: AuthorisationHooks): Promise<SocketReader> {
	const app = createApp(hooks);
	return await SocketReader.open({}, async (request) => await app.fetch(request, env, createExecutionContext()));
}
