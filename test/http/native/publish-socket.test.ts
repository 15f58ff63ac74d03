import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../src/http/app.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { watchLines } from "../../support/lines.ts";
import { call, freshChannel, PUBLISH_KEY, problem, publish } from "../../support/service.ts";
import { openPublisher } from "../../support/socket.ts";

let issuer: TestIssuer;

beforeAll(async () => {
	issuer = await TestIssuer.start();
});

afterEach(() => {
	vi.restoreAllMocks();
});

function ask(channel: string, headers: Record<string, string>, query = ""): Promise<Response> {
	return call(`/channels/${channel}/publish${query}`, { headers });
}

const UPGRADE = { Upgrade: "websocket" };
const KEY = { ...UPGRADE, Authorization: `Bearer ${PUBLISH_KEY}` };

describe("GET /channels/{channel}/publish", () => {
	it("opens a WebSocket for a token whose `publish` claim names the channel, and for no other", async () => {
		const token = await issuer.token({ publish: ["chat:*"] });
		const socket = await openPublisher(freshChannel(), token);
		socket.send({ ref: 1, events: [{ data: 1 }] });
		expect(await socket.next()).toMatchObject({ ref: 1 });
		socket.close();
		const response = await ask("orders", { ...UPGRADE, Authorization: `Bearer ${token}` });
		expect(await problem(response)).toMatchObject({ status: 403, code: "insufficient_scope" });
	});

	it.each([
		["asks for no WebSocket", { Authorization: `Bearer ${PUBLISH_KEY}` }, "", 400, "invalid_request"],
		["has no credentials", UPGRADE, "", 401, "missing_token"],
		["has a token that is none", { ...UPGRADE, Authorization: "Bearer a.b.c" }, "", 401, "invalid_token"],
		["lingers too long", KEY, "?linger=1001", 400, "invalid_request"],
		["lingers for a part of a millisecond", KEY, "?linger=1.5", 400, "invalid_request"],
		["lingers for less than nothing", KEY, "?linger=-1", 400, "invalid_request"],
		["lingers for an empty time", KEY, "?linger=", 400, "invalid_request"],
		["lingers twice", KEY, "?linger=1&linger=1", 400, "invalid_request"],
		["misspells a parameter", KEY, "?Linger=1", 400, "invalid_request"],
	])("refuses a request that %s", async (_, headers, query, status, code) => {
		expect(await problem(await ask(freshChannel(), headers, query))).toMatchObject({ status, code });
	});

	it("refuses a name that no channel can have", async () => {
		expect(await problem(await ask("a%20b", KEY))).toMatchObject({ status: 400, code: "invalid_channel" });
	});

	it("refuses a subject that does not fit where it is kept while the channel sleeps", async () => {
		const token = await issuer.token({ sub: "x".repeat(9500), publish: ["*"] });
		const response = await ask(freshChannel(), { ...UPGRADE, Authorization: `Bearer ${token}` });
		expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
		const long = await issuer.token({ sub: "x".repeat(9498), publish: ["*"] });
		(await openPublisher(freshChannel(), long)).close();
	});

	it("counts to how often one may publish", async () => {
		const counted: string[] = [];
		const limit = { limit: async ({ key }: RateLimitOptions) => ({ success: counted.push(key) > 1 }) };
		const limited = (request: Request) =>
			Promise.resolve(createApp({}).fetch(request, { ...env, PUBLISH_RATE_LIMIT: limit }, createExecutionContext()));
		const channel = freshChannel();
		await expect(openPublisher(channel, PUBLISH_KEY, "", limited)).rejects.toThrow("rate_limited");
		(await openPublisher(channel, PUBLISH_KEY, "", limited)).close();
		expect(counted).toEqual([expect.stringMatching(/^key:/), counted[0]]);
	});

	it("has the id of its request in its answer, and writes a line when it opens", async () => {
		const lines = watchLines();
		const channel = freshChannel();
		const response = await ask(channel, { ...KEY, "X-Request-Id": "an-id" });
		expect([response.status, response.headers.get("X-Request-Id")]).toEqual([101, "an-id"]);
		response.webSocket?.accept();
		response.webSocket?.close();
		expect(lines.map(({ fields }) => fields).find(({ request }) => request === "an-id")).toMatchObject({
			level: "info",
			message: `GET /channels/${channel}/publish 101`,
			request: "an-id",
			publisher: expect.stringMatching(/^key:/),
		});
	});
});

describe("an idempotency key of a user", () => {
	it("is theirs, and the same over a WebSocket and with POST", async () => {
		const channel = freshChannel();
		const [alice, bob] = [await issuer.token({ publish: ["*"] }), await issuer.token({ sub: "bob", publish: ["*"] })];
		const headers = { Authorization: `Bearer ${alice}`, "Idempotency-Key": "k" };
		const { ids } = (await (await publish(channel, { data: 1 }, headers)).json()) as { ids: string[] };
		for (const [token, isRepeat] of [
			[alice, true],
			[bob, false],
			[PUBLISH_KEY, false],
		] as const) {
			const socket = await openPublisher(channel, token);
			socket.send({ ref: 1, events: [{ data: 1 }], idempotencyKey: "k" });
			const answer = (await socket.next()) as { ids: string[] };
			expect(answer.ids[0] === ids[0]).toBe(isRepeat);
			socket.close();
		}
	});
});
