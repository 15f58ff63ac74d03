import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { beforeAll, describe, expect, it, vi } from "vitest";

import { createTidings, type TidingsEnv } from "../../src/index.ts";
import { LOCAL_PUBLISH_KEY, LOCAL_TICKET_SECRET } from "../../src/local.ts";
import { TestIssuer } from "../support/issuer.ts";
import { call, callWith, freshChannel, PUBLISH_KEY, problem, published } from "../support/service.ts";
import { SseReader } from "../support/sse.ts";
import { WeakKey } from "../support/weak-key.ts";

let issuer: TestIssuer;

beforeAll(async () => {
	issuer = await TestIssuer.start();
});

/** Has a key set be answered at a URL. */
function answerWith(jwksUrl: string, jwks: unknown): void {
	const passOn = globalThis.fetch;
	vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) =>
		new Request(input).url === jwksUrl ? Response.json(jwks) : await passOn(input, init),
	);
}

describe("errors", () => {
	it("are problem details with a type, a title, the status, the code and what to do", async () => {
		const response = await call("/nowhere");
		expect(response.status).toBe(404);
		expect(await problem(response)).toEqual({
			type: "urn:tidings:problem:not_found",
			title: "Not found",
			status: 404,
			code: "not_found",
			detail: expect.stringMatching(/./),
		});
	});

	it.each([
		["POST", "/events", "GET"],
		["HEAD", "/events?channel=orders", "GET"],
		["GET", "/tickets", "POST"],
		["PUT", "/channels/orders/events", "POST, GET"],
		["GET", "/users/alice/events", "POST"],
		["POST", "/channels/orders", "GET, DELETE"],
		["POST", "/channels/orders/subscribers", "GET, DELETE"],
		["GET", "/connections/x", "PUT"],
		["DELETE", "/health", "GET"],
	])("tell %s %s which methods are allowed", async (method, path, allow) => {
		const response = await call(path, { method });
		expect(response.headers.get("Allow")?.split(", ").sort()).toEqual(allow.split(", ").sort());
		if (method !== "HEAD") expect(await problem(response)).toMatchObject({ code: "method_not_allowed" });
		expect(response.status).toBe(405);
	});

	it("never hold a token, a key or a stack", async () => {
		vi.spyOn(console, "error").mockImplementation(() => undefined);
		const token = await issuer.token();
		const stub = { state: () => Promise.reject(new Error(`secret ${token}`)) };
		const CHANNEL = { getByName: () => stub } as unknown as TidingsEnv["CHANNEL"];
		const init = { headers: { Authorization: `Bearer ${PUBLISH_KEY}` } };
		const response = await callWith({ CHANNEL }, "/channels/orders", init);
		const text = JSON.stringify(await problem(response));
		expect(response.status).toBe(503);
		expect(response.headers.get("Retry-After")).toMatch(/^\d+$/);
		for (const secret of [token, PUBLISH_KEY, "secret", ".ts:"]) expect(text).not.toContain(secret);
		vi.restoreAllMocks();
	});
});

describe("GET /health", () => {
	it("answers without credentials", async () => {
		const response = await call("/health");
		expect(response.status).toBe(200);
		expect(await response.json()).toEqual({ status: "healthy" });
	});

	it.each([
		["JWKS_URL", undefined],
		["JWT_ISSUER", ""],
		["JWT_AUDIENCE", undefined],
		["JWKS_URL", "not a url"],
		["JWKS_URL", "http://example.com/jwks"],
		["JWT_ALGORITHMS", "HS256"],
		["JWT_ALGORITHMS", "none"],
		["DEFAULT_CHANNELS", "a b|c"],
		["CORS_ORIGINS", "example.com"],
		["CORS_ORIGINS", "https://example.com/"],
		["CORS_ORIGINS", "https://*"],
		["CORS_ORIGINS", "* https://example.com"],
		["CONSOLE", "yes"],
		["HEARTBEAT_SECONDS", "0"],
		["HEARTBEAT_SECONDS", "25s"],
		["RETRY_MILLISECONDS", "-1"],
		["REPLAY_EVENTS", "1.5"],
		["REPLAY_SECONDS", ""],
		["MAX_EVENT_BYTES", "lots"],
		["MAX_BACKLOG_BYTES", "0"],
		["MAX_SUBSCRIBERS", "NaN"],
		["MAX_CONNECTIONS_PER_USER", "0"],
		["PUBLISH_KEYS", "short"],
		["PUBLISH_KEYS", `${PUBLISH_KEY}=a|b`],
		["TICKET_SECRET", "short"],
		["CHANNEL_RULES", '[{"match":"chat:*","replayEvents":0}]'],
	])("names %s when it is %j", async (name, value) => {
		for (const path of ["/health", "/events?channel=orders"]) {
			const response = await callWith({ [name]: value }, path);
			expect(response.headers.get("Retry-After")).toMatch(/^\d+$/);
			expect(await problem(response)).toMatchObject({
				status: 503,
				code: "misconfigured",
				detail: expect.stringContaining(name),
			});
		}
	});

	it("is healthy without the secrets: they are asked for where they are needed", async () => {
		const settings = { TICKET_SECRET: undefined, PUBLISH_KEYS: undefined };
		expect((await callWith(settings, "/health")).status).toBe(200);
		const init = { method: "POST", headers: { Authorization: `Bearer ${await issuer.token()}` } };
		expect(await problem(await callWith(settings, "/tickets", init))).toMatchObject({
			code: "misconfigured",
			detail: expect.stringContaining("TICKET_SECRET"),
		});
	});
});

describe("the secrets for local work", () => {
	it.each([
		["PUBLISH_KEYS", LOCAL_PUBLISH_KEY],
		["TICKET_SECRET", LOCAL_TICKET_SECRET],
	])("in %s are served to nobody elsewhere", async (name, value) => {
		const init = { headers: { Authorization: `Bearer ${LOCAL_PUBLISH_KEY}` } };
		for (const path of ["/health", "/channels/orders", "/events?channel=orders", "/openapi.json", "/nowhere"]) {
			const response = await callWith({ [name]: value }, `https://tidings.example.workers.dev${path}`, init);
			expect(await problem(response)).toMatchObject({
				status: 503,
				code: "misconfigured",
				detail: expect.stringContaining(`The setting ${name} `),
			});
		}
		for (const host of ["localhost:8787", "127.0.0.1", "[::1]:8787"]) {
			expect((await callWith({ [name]: value }, `http://${host}/health`)).status).toBe(200);
		}
	});
});

describe("a service without an identity provider", () => {
	const settings = { JWKS_URL: undefined, JWT_ISSUER: undefined, JWT_AUDIENCE: undefined };
	const backend = { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" };

	it("is healthy, takes publish keys, and opens streams with tickets", async () => {
		const channel = freshChannel();
		expect(await (await callWith(settings, "/health")).json()).toEqual({ status: "healthy" });
		const asked = { method: "POST", headers: backend, body: JSON.stringify({ user: "alice", channels: [channel] }) };
		const answer = await callWith(settings, "/tickets", asked);
		const { ticket } = (await answer.json()) as { ticket: string };
		const stream = new SseReader(await callWith(settings, `/events?channel=${channel}&ticket=${ticket}`));
		expect(JSON.parse((await stream.next()).data)).toMatchObject({ user: "alice" });
		const event = { method: "POST", headers: backend, body: '{"data":"hello"}' };
		expect((await callWith(settings, `/channels/${channel}/events`, event)).status).toBe(201);
		expect((await stream.next()).data).toBe("hello");
		await stream.close();
	});

	it("refuses tokens, and says that it takes tickets only", async () => {
		const init = { headers: { Authorization: `Bearer ${await issuer.token({ publish: ["*"] })}` } };
		for (const [path, method] of [
			["/events?channel=orders", "GET"],
			["/channels/orders/events", "POST"],
			["/tickets", "POST"],
			["/connections/x", "PUT"],
		] as const) {
			expect(await problem(await callWith(settings, path, { ...init, method }))).toMatchObject({
				status: 401,
				code: "invalid_token",
				detail: expect.stringContaining("accepts tickets only"),
			});
		}
	});
});

describe("the issuer's keys", () => {
	it("cannot be read: 503, and a hint when to come back", async () => {
		const down = await TestIssuer.start("https://down.test/jwks");
		down.isDown = true;
		const init = { headers: { Authorization: `Bearer ${await down.token()}` } };
		const response = await callWith({ JWKS_URL: down.jwksUrl }, "/events?channel=orders", init);
		expect(response.headers.get("Retry-After")).toMatch(/^\d+$/);
		expect(await problem(response)).toMatchObject({ status: 503, code: "jwks_unavailable" });
	});

	it.each([
		["GET", "/events?channel=orders"],
		["POST", "/channels/orders/events"],
		["POST", "/users/bob/events"],
		["POST", "/tickets"],
		["GET", "/channels/orders"],
		["GET", "/channels/orders/events"],
		["GET", "/channels/orders/subscribers"],
		["DELETE", "/channels/orders/subscribers?user=bob"],
		["DELETE", "/channels/orders"],
		["PUT", "/connections/x"],
		["GET", "/metrics"],
	])("may be unusable, which is no failure of the service: %s %s", async (method, path) => {
		const weak = await WeakKey.make("weak");
		const url = `https://weak.test${path}`;
		answerWith(url, { keys: [weak.jwk] });
		const init = { method, headers: { Authorization: `Bearer ${await weak.token()}` } };
		const response = await callWith({ JWKS_URL: url }, path, init);
		expect(response.headers.get("Retry-After")).toMatch(/^\d+$/);
		expect(await problem(response)).toMatchObject({ status: 503, code: "jwks_unavailable" });
	});

	it("stay in memory: streams stay open, and new ones are opened, when they cannot be read any more", async () => {
		const provider = await TestIssuer.start("https://flaky.test/jwks");
		const init = { headers: { Authorization: `Bearer ${await provider.token()}` } };
		const path = `/events?channel=${freshChannel()}`;
		const streams = [new SseReader(await callWith({ JWKS_URL: provider.jwksUrl }, path, init))];
		provider.isDown = true;
		streams.push(new SseReader(await callWith({ JWKS_URL: provider.jwksUrl }, path, init)));
		await published(path.split("=")[1] ?? "", { data: "still here" });
		for (const stream of streams) {
			await stream.expect("connected");
			expect((await stream.next()).data).toBe("still here");
			await stream.close();
		}
		expect(provider.fetches).toBe(1);
	});
});

describe("an answer", () => {
	const key = { Authorization: `Bearer ${PUBLISH_KEY}` };

	it.each([
		["GET", "/channels/orders", {}],
		["GET", "/channels/orders/events", {}],
		["GET", "/channels/orders/subscribers", {}],
		["DELETE", "/channels/orders/subscribers?user=nobody", {}],
		["DELETE", "/channels/to-be-wiped", {}],
		["POST", "/channels/orders/events", { data: 1 }],
		["POST", "/users/alice/events", { data: 1 }],
		["POST", "/tickets", { user: "alice", channels: ["orders"] }],
		["GET", "/metrics?channel=orders", {}],
		["GET", "/health", {}],
		["GET", "/nowhere", {}],
		["PATCH", "/channels/orders", {}],
		["GET", "/channels/a%20b", {}],
	] as const)("is kept by no cache and taken for nothing else: %s %s", async (method, path, body) => {
		for (const settings of [{}, { CORS_ORIGINS: "https://app.example.com" }]) {
			const headers = { ...key, "Content-Type": "application/json" };
			const response = await callWith(settings, path, {
				method,
				headers,
				...(method === "POST" && { body: JSON.stringify(body) }),
			});
			expect(response.headers.get("Cache-Control")).toBe("no-store");
			expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
			await response.body?.cancel();
		}
	});

	it("of a renewal is kept by no cache either", async () => {
		const token = await issuer.token();
		const stream = new SseReader(await call(`/events?channel=${freshChannel()}&token=${token}`));
		const { data } = await stream.expect("connected");
		const { connection } = data as { connection: string };
		const init = { method: "PUT", headers: { Authorization: `Bearer ${token}` } };
		const response = await call(`/connections/${encodeURIComponent(connection)}`, init);
		expect(response.status).toBe(200);
		expect(response.headers.get("Cache-Control")).toBe("no-store");
		expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
		await stream.close();
	});
});

describe("a request with a Host that is none", () => {
	it("is refused, and a page on a listed origin can read why", async () => {
		const request = new Request("http://tidings.test/events", { headers: { Origin: "https://app.example.com" } });
		// The runtime hands on what was sent; a URL of its own would be refused before.
		Object.defineProperty(request, "url", { value: "http://a b/events" });
		const response = await createTidings().app.fetch(request, { ...env, CORS_ORIGINS: "https://app.example.com" });
		expect(response.headers.get("Access-Control-Allow-Origin")).toBe("https://app.example.com");
		expect(await problem(response)).toMatchObject({
			status: 400,
			code: "invalid_request",
			detail: expect.stringContaining("Host"),
		});
	});
});

describe("an app that mounts the service", () => {
	const { app: tidings } = createTidings();

	it("lets it answer below its path for what nobody has", async () => {
		for (const path of ["/sse", "/tenants/:tenant"]) {
			const app = new Hono().route(path, tidings).get(`${path}/stats`, (c) => c.text("mine"));
			const below = path.replace(":tenant", "acme");
			const missing = await app.request(`${below}/nowhere`, {}, env);
			expect(await problem(missing)).toMatchObject({ status: 404, code: "not_found" });
			const refused = await app.request(`${below}/health`, { method: "DELETE" }, env);
			expect(refused.headers.get("Allow")).toBe("GET");
			expect(await problem(refused)).toMatchObject({ status: 405, code: "method_not_allowed" });
			expect(await (await app.request(`${below}/stats`, {}, env)).text()).toBe("mine");
		}
	});

	it("keeps its own answers, also its own 404, as they are", async () => {
		const app = new Hono()
			.route("/sse", tidings)
			.get("/sse/none", (c) => c.text("none of mine", 404))
			.get("/", (c) => c.text("home"));
		const own = await app.request("/sse/none", {}, env);
		expect([own.status, await own.text()]).toEqual([404, "none of mine"]);
		expect(own.headers.get("Cache-Control")).toBeNull();
		expect(await (await app.request("/nowhere", {}, env)).text()).toBe("404 Not Found");
		expect(await (await app.request("/", {}, env)).text()).toBe("home");
	});

	it("answers itself for what nobody has, where it mounts the service at its root", async () => {
		const app = new Hono()
			.route("/", tidings)
			.get("/cached", (c) => c.text("mine", 200, { "Cache-Control": "max-age=60" }))
			.get("/plain", (c) => c.text("mine"))
			.notFound((c) => c.text("not mine", 404));
		expect(await (await app.request("/nowhere", {}, env)).text()).toBe("not mine");
		expect((await app.request("/cached", {}, env)).headers.get("Cache-Control")).toBe("max-age=60");
		expect((await app.request("/plain", {}, env)).headers.get("Cache-Control")).toBeNull();
		expect((await app.request("/health", {}, env)).status).toBe(200);
	});
});
