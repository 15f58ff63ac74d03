import { createExecutionContext, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../src/http/app.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { call, freshChannel, PUBLISH_KEY, problem, published } from "../../support/service.ts";
import { SseReader } from "../../support/sse.ts";

/** Four heartbeats of the default 25 seconds. */
const ALIVE_SECONDS = 100;

let alice: string;
let bob: string;

beforeAll(async () => {
	const issuer = await TestIssuer.start();
	alice = await issuer.token();
	bob = await issuer.token({ sub: "bob" });
});

afterEach(() => {
	vi.useRealTimers();
});

/** Opens a stream whose timers the test can move on, where the Worker holds it. */
async function open(channels: string[], token: string, query = "") {
	const names = channels.map((channel) => `channel=${channel}`).join("&");
	const request = new Request(`http://tidings.test/events?${names}${query}`, {
		headers: { Authorization: `Bearer ${token}` },
	});
	const stream = new SseReader(await createApp({}).fetch(request, env, createExecutionContext()));
	const { connection } = (await stream.expect("connected")).data as { connection: string };
	return { stream, connection, channels };
}

type Open = Awaited<ReturnType<typeof open>>;

function put(connection: string, token: string, body: string, type = "application/json"): Promise<Response> {
	const headers = { Authorization: `Bearer ${token}`, "Content-Type": type };
	return call(`/connections/${connection}`, { method: "PUT", headers, body });
}

/** Gives a sign of life, and waits until it has come to whoever holds the stream. */
async function live({ connection, channels, stream }: Open): Promise<void> {
	expect((await put(connection, alice, '{"alive":true}')).status).toBe(200);
	await published([...channels].sort()[0] ?? "", { data: "after it" });
	while ((await stream.next()).data !== "after it");
}

function freeze(): void {
	vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
}

async function pass(seconds: number, channels: string[]): Promise<void> {
	vi.advanceTimersByTime(seconds * 1000);
	for (const channel of channels) await runDurableObjectAlarm(env.CHANNEL.getByName(channel));
}

async function usersOf(channel: string): Promise<string[]> {
	const response = await call(`/channels/${channel}/subscribers`, {
		headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
	});
	return ((await response.json()) as { user: string }[]).map(({ user }) => user);
}

describe("a sign of life", () => {
	it("is answered with the time until the next one", async () => {
		const { stream, connection } = await open([freshChannel()], alice);
		const answer = await put(connection, alice, '{"alive":true}');
		expect(answer.status).toBe(200);
		expect(await answer.json()).toEqual({ connection, expires: expect.any(Number), aliveSeconds: ALIVE_SECONDS });
		await stream.close();
	});

	it.each([
		["one channel", [freshChannel()]],
		["several channels", [freshChannel("chat:a"), freshChannel("chat:b")]],
	])(
		"is the last of a stream of %s when none follows for four heartbeats: its user is offline",
		async (_, channels) => {
			freeze();
			const watcher = await open(channels, bob, "&presence=1");
			const lost = await open(channels, alice);
			for (const _channel of channels)
				expect((await watcher.stream.expect("presence")).data).toMatchObject({ user: "alice" });
			await live(lost);
			await pass(ALIVE_SECONDS - 1, channels);
			for (const channel of channels) expect(await usersOf(channel)).toEqual(["bob", "alice"]);
			await pass(1, channels);
			const told: unknown[] = [];
			while (told.length < channels.length) {
				const { event, data } = await watcher.stream.next();
				if (event === "presence") told.push(JSON.parse(data));
			}
			expect(told).toEqual(
				expect.arrayContaining(channels.map((channel) => ({ channel, user: "alice", state: "offline" }))),
			);
			for (const channel of channels) expect(await usersOf(channel)).toEqual(["bob"]);
			expect((await lost.stream.rest()).map(({ event }) => event)).not.toContain("closing");
			await watcher.stream.close();
		},
	);

	it("puts the end off by four heartbeats", async () => {
		freeze();
		const kept = await open([freshChannel()], alice);
		const [channel = ""] = kept.channels;
		for (let sign = 0; sign < 3; sign += 1) {
			await live(kept);
			await pass(ALIVE_SECONDS - 1, kept.channels);
			expect(await usersOf(channel)).toEqual(["alice"]);
		}
		await pass(1, kept.channels);
		await expect.poll(() => usersOf(channel)).toEqual([]);
	});

	it("need not be given: a stream without any stays", async () => {
		freeze();
		const quiet = await open([freshChannel()], alice);
		await pass(10 * ALIVE_SECONDS, quiet.channels);
		expect(await usersOf(quiet.channels[0] ?? "")).toEqual(["alice"]);
		await quiet.stream.close();
	});

	it.each([
		["that is false", '{"alive":false}', "application/json", 400, "invalid_request"],
		["without its field", "{}", "application/json", 400, "invalid_request"],
		["with another field", '{"alive":true,"expires":1}', "application/json", 400, "invalid_request"],
		["that is no JSON", "alive", "application/json", 400, "invalid_request"],
		["that is not said to be JSON", '{"alive":true}', "text/plain", 415, "unsupported_media_type"],
		["that is too large", `{"alive":true${" ".repeat(1024)}}`, "application/json", 413, "payload_too_large"],
	])("%s is refused", async (_, body, type, status, code) => {
		const { stream, connection } = await open([freshChannel()], alice);
		expect(await problem(await put(connection, alice, body, type))).toMatchObject({ status, code });
		await stream.close();
	});

	it("is refused for another user's stream, and for what is no stream", async () => {
		const { stream, connection } = await open([freshChannel()], alice);
		const sign = '{"alive":true}';
		expect(await problem(await put(connection, bob, sign))).toMatchObject({ status: 403, code: "insufficient_scope" });
		expect(await problem(await put("x", alice, sign))).toMatchObject({ status: 404, code: "not_found" });
		expect(await problem(await put(connection, "x", sign))).toMatchObject({ status: 401, code: "invalid_token" });
		await stream.close();
		await expect.poll(async () => (await put(connection, alice, sign)).status).toBe(404);
	});
});
