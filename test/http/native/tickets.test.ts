import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { advanceClock } from "../../support/clock.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { call, freshChannel, PUBLISH_KEY, problem, published } from "../../support/service.ts";
import { SseReader } from "../../support/sse.ts";

let issuer: TestIssuer;

beforeAll(async () => {
	issuer = await TestIssuer.start();
});

afterEach(() => {
	vi.useRealTimers();
});

interface TicketAnswer {
	ticket: string;
	expiresIn: number;
	streamFor: number;
}

function ask(credential: string, body?: unknown): Promise<Response> {
	const headers = { Authorization: `Bearer ${credential}`, "Content-Type": "application/json" };
	return call("/tickets", { method: "POST", headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
}

async function ticketOf(credential: string, body?: unknown): Promise<TicketAnswer> {
	const response = await ask(credential, body);
	if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
	return await response.json();
}

function open(channel: string, ticket: string, cursor?: string): Promise<Response> {
	return call(`/events?channel=${channel}&ticket=${ticket}${cursor === undefined ? "" : `&lastEventId=${cursor}`}`);
}

async function isOpened(response: Response): Promise<boolean> {
	await response.body?.cancel();
	return response.status === 200;
}

describe("a ticket for a token", () => {
	it("opens what the token grants, for its user, and says how long", async () => {
		const answer = await ticketOf(await issuer.token());
		expect(answer).toEqual({ ticket: expect.any(String), expiresIn: 300, streamFor: expect.any(Number) });
		expect(answer.streamFor).toBeGreaterThan(3590);
		const channel = freshChannel();
		const stream = new SseReader(await open(channel, answer.ticket));
		expect(await stream.expect("connected")).toMatchObject({ data: { user: "alice", channels: [channel] } });
		await stream.close();
		expect(await isOpened(await open("user:alice", answer.ticket))).toBe(true);
		expect(await problem(await open("secrets", answer.ticket))).toMatchObject({ code: "insufficient_scope" });
	});

	it("can be for less than the token grants, and is for no more", async () => {
		const { ticket } = await ticketOf(await issuer.token(), { channels: ["orders"] });
		expect(await isOpened(await open("orders", ticket))).toBe(true);
		expect(await problem(await open("chat:1", ticket))).toMatchObject({ code: "insufficient_scope" });
	});

	it("lives no longer than the token, and neither does its stream", async () => {
		const exp = Math.floor(Date.now() / 1000) + 100;
		const answer = await ticketOf(await issuer.token({ exp }), { expiresIn: 3600, streamFor: 86_400 });
		expect(answer.expiresIn).toBeLessThanOrEqual(100);
		expect(answer.streamFor).toBeLessThanOrEqual(100);
		const stream = new SseReader(await open("orders", answer.ticket));
		const { data } = await stream.expect("connected");
		expect((data as { expires: number }).expires).toBeLessThanOrEqual(exp);
		await stream.close();
	});

	it("carries the token's claims, so that events can be addressed to them", async () => {
		const channel = freshChannel();
		const { ticket } = await ticketOf(await issuer.token({ role: "admin" }));
		await published(channel, [
			{ data: "for editors", to: { claims: { role: "editor" } } },
			{ data: "for admins", to: { claims: { role: "admin" } } },
		]);
		const stream = new SseReader(await call(`/events?channel=${channel}&ticket=${ticket}&rewind=all`));
		await stream.expect("connected");
		expect((await stream.next()).data).toBe("for admins");
		await stream.close();
	});

	it("tells nobody who reads it in a log anything", async () => {
		const { ticket } = await ticketOf(await issuer.token({ email: "alice@example.com" }));
		const readable = ticket.split(".").map((part) => atob(part.replaceAll("-", "+").replaceAll("_", "/")));
		expect(readable.join()).not.toMatch(/alice|orders/);
	});

	it("does not carry what the token grants as claims, so that few channels of many fit", async () => {
		const grants = Array.from({ length: 1500 }, (_, index) => `department-${String(index).padStart(10, "0")}`);
		const token = await issuer.token({ channels: grants, publish: grants, role: "admin" });
		const [channel = ""] = grants.slice(-1);
		const { ticket } = await ticketOf(token, { channels: [channel] });
		await published(channel, [{ data: "for admins", to: { claims: { role: "admin" } } }]);
		const streams = [
			await call(`/events?channel=${channel}&ticket=${ticket}&rewind=all`),
			await call(`/events?channel=${channel}&rewind=all`, { headers: { Authorization: `Bearer ${token}` } }),
		];
		for (const response of streams) {
			const stream = new SseReader(response);
			await stream.expect("connected");
			expect((await stream.next()).data).toBe("for admins");
			await stream.close();
		}
		expect(await problem(await ask(token))).toMatchObject({
			status: 400,
			code: "invalid_request",
			detail: expect.stringContaining("Name the channels"),
		});
	});

	it("carries 200 grants where it names none", async () => {
		const grants = Array.from({ length: 200 }, (_, index) => `department-${String(index).padStart(10, "0")}`);
		const { ticket } = await ticketOf(await issuer.token({ channels: grants, publish: grants }));
		expect(await isOpened(await open(grants[199] ?? "", ticket))).toBe(true);
	});

	it("matches nothing by a claim that JSON has rounded", async () => {
		const channel = freshChannel();
		const token = await issuer.token({ tenant: 738529527931269400, level: 7 });
		const { ticket } = await ticketOf(token);
		const to = (tenant: string) => `{"data":"x","to":{"claims":{"tenant":${tenant}}}}`;
		for (const tenant of ["738529527931269425", "738529527931269400", "9007199254740992", "1e400", "-1e400"]) {
			const headers = { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" };
			const response = await call(`/channels/${channel}/events`, { method: "POST", headers, body: to(tenant) });
			expect(await problem(response)).toMatchObject({
				status: 400,
				code: "invalid_event",
				detail: expect.stringContaining("as a string"),
			});
		}
		await published(channel, [
			{ data: "for nobody", to: { claims: { tenant: null } } },
			{ data: "for alice", to: { claims: { level: 7 } } },
		]);
		for (const query of [`ticket=${ticket}`, `token=${token}`]) {
			const stream = new SseReader(await call(`/events?channel=${channel}&rewind=all&${query}`));
			await stream.expect("connected");
			expect((await stream.next()).data).toBe("for alice");
			await stream.close();
		}
	});

	it.each([
		["a channel that the token does not grant", { channels: ["secrets"] }, 403, "insufficient_scope"],
		["a prefix that is wider than the granted one", { channels: ["cha*"] }, 403, "insufficient_scope"],
		["somebody else's personal channel", { channels: ["user:bob"] }, 403, "insufficient_scope"],
		["another user", { user: "bob" }, 400, "invalid_request"],
		["no channel at all", { channels: [] }, 400, "invalid_request"],
		["a channel that is none", { channels: ["a b"] }, 400, "invalid_request"],
		["no time", { expiresIn: 0 }, 400, "invalid_request"],
		["too long", { expiresIn: 3601 }, 400, "invalid_request"],
		["too long a stream", { streamFor: 86_401 }, 400, "invalid_request"],
		["half a second", { expiresIn: 0.5 }, 400, "invalid_request"],
		["a body that is no object", "hello", 400, "invalid_request"],
	])("is refused for %s", async (_, body, status, code) => {
		const response = await ask(await issuer.token(), body);
		expect(await problem(response)).toMatchObject({ status, code, detail: expect.stringMatching(/.{15,}/) });
	});

	it("of somebody who may subscribe to everything is still not for others' personal channels", async () => {
		const { ticket } = await ticketOf(await issuer.token({ sub: "demo", channels: ["*"] }));
		expect(await isOpened(await open("anything", ticket))).toBe(true);
		expect(await problem(await open("user:bob", ticket))).toMatchObject({ code: "insufficient_scope" });
	});
});

describe("a ticket for a publish key", () => {
	it("is for the user and channels that the backend names", async () => {
		const answer = await ticketOf(PUBLISH_KEY, {
			user: "carol",
			channels: ["orders", "user:carol"],
			claims: { role: "admin" },
		});
		expect(answer).toMatchObject({ expiresIn: 300, streamFor: 3600 });
		const stream = new SseReader(await open("orders", answer.ticket));
		const { data } = await stream.expect("connected");
		expect(data).toMatchObject({ user: "carol" });
		expect((data as { expires: number }).expires - Date.now() / 1000).toBeGreaterThan(3590);
		await stream.close();
		expect(await problem(await open("chat:1", answer.ticket))).toMatchObject({ code: "insufficient_scope" });
	});

	it("is refused when it would be too long for a URL", async () => {
		const channels = Array.from({ length: 100 }, (_, index) => `${index}-${"x".repeat(100)}`);
		const response = await ask(PUBLISH_KEY, { user: "carol", channels });
		expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
	});

	it.each([
		["no user", { channels: ["orders"] }],
		["an empty user", { user: "", channels: ["orders"] }],
		["the user `*`, which means everyone", { user: "*", channels: ["orders"] }],
		["a user with a lone surrogate", { user: "a\ud800", channels: ["orders"] }],
		["a number in its claims that JSON rounds", { user: "c", channels: ["a"], claims: { tenant: 2 ** 53 } }],
		["such a number in a list", { user: "c", channels: ["a"], claims: { tenants: [1, 738529527931269400] } }],
		["a number for a user", { user: 7, channels: ["orders"] }],
		["no channels", { user: "carol" }],
		["an unknown field", { user: "carol", channels: ["orders"], channel: "x" }],
	])("is refused with %s", async (_, body) => {
		expect(await problem(await ask(PUBLISH_KEY, body))).toMatchObject({ status: 400, code: "invalid_request" });
	});
});

describe("the life of a ticket", () => {
	it("ends after `expiresIn`", async () => {
		const { ticket } = await ticketOf(PUBLISH_KEY, { user: "carol", channels: ["orders"], expiresIn: 10 });
		advanceClock(9);
		expect(await isOpened(await open("orders", ticket))).toBe(true);
		advanceClock(2);
		expect(await problem(await open("orders", ticket))).toMatchObject({ status: 401, code: "token_expired" });
		expect(await problem(await open("orders", ticket, "1"))).toMatchObject({ status: 401, code: "token_expired" });
	});

	it("goes on until `streamFor` is over for a client that comes back with a cursor, if it is resumable", async () => {
		const body = { user: "carol", channels: ["orders"], expiresIn: 10, streamFor: 100, resumable: true };
		const { ticket } = await ticketOf(PUBLISH_KEY, body);
		advanceClock(50);
		expect(await problem(await open("orders", ticket))).toMatchObject({ code: "token_expired" });
		const stream = new SseReader(await open("orders", ticket, "1"));
		const { data } = await stream.expect("connected");
		expect((data as { expires: number }).expires - Date.now() / 1000).toBeLessThanOrEqual(50);
		await stream.close();
		advanceClock(51);
		expect(await problem(await open("orders", ticket, "1"))).toMatchObject({ code: "token_expired" });
	});
});

describe("a ticket", () => {
	it("is refused when anything in it was changed, and when it is none", async () => {
		const { ticket } = await ticketOf(PUBLISH_KEY, { user: "carol", channels: ["orders"] });
		const [header, key, iv, text = "", tag] = ticket.split(".");
		const changed = [header, key, iv, `${text.startsWith("A") ? "B" : "A"}${text.slice(1)}`, tag].join(".");
		for (const bad of [changed, "nonsense", await issuer.token()]) {
			expect(await problem(await open("orders", bad))).toMatchObject({ status: 401, code: "invalid_token" });
		}
	});

	it("opens streams, and nothing else", async () => {
		const { ticket } = await ticketOf(PUBLISH_KEY, { user: "carol", channels: ["orders"] });
		const headers = { Authorization: `Bearer ${ticket}`, "Content-Type": "application/json" };
		for (const [path, init] of [
			["/events?channel=orders", { headers }],
			[`/events?channel=orders&token=${ticket}`, {}],
			["/channels/orders/events", { method: "POST", headers, body: '{"data":1}' }],
			["/channels/orders", { headers }],
			["/tickets", { method: "POST", headers, body: "{}" }],
		] as const) {
			expect(await problem(await call(path, init))).toMatchObject({ status: 401, code: "invalid_token" });
		}
	});
});

describe("POST /tickets", () => {
	it("asks for credentials", async () => {
		expect(await problem(await call("/tickets", { method: "POST" }))).toMatchObject({
			status: 401,
			code: "missing_token",
		});
	});

	it.each([
		["a body that is not JSON", "application/json", "{nope", 400, "invalid_request"],
		["a form", "application/x-www-form-urlencoded", "a=1", 415, "unsupported_media_type"],
		["a body that is too large", "application/json", `"${"x".repeat(20_000)}"`, 413, "payload_too_large"],
	])("refuses %s", async (_, contentType, body, status, code) => {
		const headers = { Authorization: `Bearer ${await issuer.token()}`, "Content-Type": contentType };
		expect(await problem(await call("/tickets", { method: "POST", headers, body }))).toMatchObject({ status, code });
	});
});

describe("a ticket request that is compressed", () => {
	it("is refused, whether or not it says so", async () => {
		const body = new Response("{}").body?.pipeThrough(new CompressionStream("gzip"));
		const bytes = await new Response(body).arrayBuffer();
		for (const coding of [{ "Content-Encoding": "gzip" }, { "Content-Encoding": "br" }, {}]) {
			const headers = {
				Authorization: `Bearer ${await issuer.token()}`,
				"Content-Type": "application/json",
				...coding,
			};
			const response = await call("/tickets", { method: "POST", headers, body: bytes });
			expect(await problem(response)).toMatchObject({
				status: 415,
				code: "unsupported_media_type",
				detail: expect.stringContaining("Content-Encoding"),
			});
		}
	});
});
