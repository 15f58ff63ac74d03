import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { beforeAll, describe, expect, it } from "vitest";
import { createTidings } from "../../../src/index.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { callWith, freshChannel, PUBLISH_KEY, problem } from "../../support/service.ts";

let issuer: TestIssuer;

beforeAll(async () => {
	issuer = await TestIssuer.start();
});

describe("CORS", () => {
	const origin = "https://app.example.com";

	it("is closed by default", async () => {
		const response = await callWith({ CORS_ORIGINS: undefined }, "/health", { headers: { Origin: origin } });
		expect(response.headers.get("Access-Control-Allow-Origin")).toBeNull();
	});

	it("gives exact origins credentials, and others nothing", async () => {
		const settings = { CORS_ORIGINS: `https://other.example.com, ${origin}` };
		const response = await callWith(settings, "/health", { headers: { Origin: origin } });
		expect(response.headers.get("Access-Control-Allow-Origin")).toBe(origin);
		expect(response.headers.get("Access-Control-Allow-Credentials")).toBe("true");
		expect(response.headers.get("Vary")).toContain("Origin");
		const stranger = await callWith(settings, "/health", { headers: { Origin: "https://evil.test" } });
		expect(stranger.headers.get("Access-Control-Allow-Origin")).toBeNull();
	});

	it("gives `*` no credentials", async () => {
		const response = await callWith({ CORS_ORIGINS: "*" }, "/health", { headers: { Origin: origin } });
		expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
		expect(response.headers.get("Access-Control-Allow-Credentials")).toBeNull();
	});

	it("lets a browser read errors and streams", async () => {
		const settings = { CORS_ORIGINS: origin };
		const refused = await callWith(settings, "/events?channel=orders", { headers: { Origin: origin } });
		expect(refused.status).toBe(401);
		expect(refused.headers.get("Access-Control-Allow-Origin")).toBe(origin);
		const path = `/events?channel=${freshChannel()}&token=${await issuer.token()}`;
		const opened = await callWith(settings, path, { headers: { Origin: origin } });
		expect(opened.headers.get("Access-Control-Allow-Origin")).toBe(origin);
		expect(opened.headers.get("Content-Type")).toBe("text/event-stream");
		await opened.body?.cancel();
	});

	it.each([
		["https://*.example.com", "https://a.example.com", true],
		["https://*.example.com", "https://a.b.example.com", true],
		["https://*.example.com", "https://example.com", false],
		["https://*.example.com", "https://evilexample.com", false],
		["https://*.example.com", "http://a.example.com", false],
		["https://*.example.com", "https://a.example.com.evil.test", false],
		["https://other.test capacitor://localhost", "capacitor://localhost", true],
		[
			"chrome-extension://abcdefghijklmnopabcdefghijklmnop",
			"chrome-extension://abcdefghijklmnopabcdefghijklmnop",
			true,
		],
	])("lets %s stand for %s: %s", async (listed, sent, isAllowed) => {
		const response = await callWith({ CORS_ORIGINS: listed }, "/health", { headers: { Origin: sent } });
		expect(response.headers.get("Access-Control-Allow-Origin")).toBe(isAllowed ? sent : null);
	});

	it("answers a preflight with whatever headers it asks for", async () => {
		const asked = "authorization,cache-control,datastar-request,hx-request,pragma,traceparent,x-requested-with";
		for (const CORS_ORIGINS of [origin, "*"]) {
			const response = await callWith({ CORS_ORIGINS }, "/channels/orders/events", {
				method: "OPTIONS",
				headers: {
					Origin: origin,
					"Access-Control-Request-Method": "POST",
					"Access-Control-Request-Headers": asked,
				},
			});
			expect(response.status).toBe(204);
			expect(response.headers.get("Access-Control-Allow-Origin")).toBe(CORS_ORIGINS);
			expect(response.headers.get("Access-Control-Allow-Methods")).toBe("GET,POST,PUT,DELETE");
			expect(response.headers.get("Access-Control-Allow-Headers")).toBe(asked);
			expect(response.headers.get("Vary")).toContain("Access-Control-Request-Headers");
		}
	});
});

describe("an error, to a page on a listed origin", () => {
	const origin = "https://app.example.com";
	const key = { Authorization: `Bearer ${PUBLISH_KEY}` };

	it.each([
		["settings that are malformed", { HEARTBEAT_SECONDS: "soon" }, "GET", "/events?channel=orders", 503],
		["settings that are missing", { JWT_ISSUER: undefined }, "POST", "/tickets", 503],
		["a path that nothing has", {}, "GET", "/nowhere", 404],
		["a method that the path has not", {}, "PATCH", "/events", 405],
		["no credentials", {}, "GET", "/channels/orders", 401],
		["a query that is encoded badly", {}, "GET", "/events?channel=%E9", 400],
		["a path that is encoded badly", {}, "GET", "/channels/%E9", 400],
		["a channel that cannot be reached", { CHANNEL: undefined }, "GET", "/channels/orders", 503],
		["a failure of the service", { PUBLISH_RATE_LIMIT: {} }, "POST", "/channels/orders/events", 500],
	] as const)("can be read: %s", async (_, settings, method, path, status) => {
		const headers = { Origin: origin, ...(status >= 500 && key) };
		const broken = { ...settings, CORS_ORIGINS: origin } as unknown as Parameters<typeof callWith>[0];
		const mounted = new Hono().route("/sse", createTidings().app);
		for (const response of [
			await callWith(broken, path, { method, headers }),
			await mounted.request(`/sse${path}`, { method, headers }, { ...env, ...broken }),
		]) {
			expect(response.headers.get("Access-Control-Allow-Origin")).toBe(origin);
			expect(response.headers.get("Access-Control-Expose-Headers")).toContain("X-Request-Id");
			expect(await problem(response)).toMatchObject({ status });
		}
	});

	it("lets a preflight through before it, so that the page gets that far", async () => {
		const init = { method: "OPTIONS", headers: { Origin: origin, "Access-Control-Request-Method": "POST" } };
		const response = await callWith({ CORS_ORIGINS: origin, JWT_ISSUER: undefined }, "/tickets", init);
		expect(response.status).toBe(204);
	});

	it("cannot be read where it is about the origins themselves", async () => {
		const response = await callWith({ CORS_ORIGINS: `${origin}/` }, "/health", { headers: { Origin: origin } });
		expect(response.headers.get("Access-Control-Allow-Origin")).toBeNull();
		expect(await problem(response)).toMatchObject({ code: "misconfigured", detail: expect.stringContaining(origin) });
	});
});
