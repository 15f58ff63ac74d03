import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { beforeAll, describe, expect, it } from "vitest";
import { version } from "../../../package.json";
import { describePaths } from "../../../src/http/openapi/document.ts";
import { OPERATIONS } from "../../../src/http/routes.ts";
import { createTidings } from "../../../src/index.ts";
import { answersOf, bodySchema } from "../../support/description.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { call, freshChannel, PUBLISH_KEY, problem, subscribe } from "../../support/service.ts";

let issuer: TestIssuer;

beforeAll(async () => {
	issuer = await TestIssuer.start();
});

interface Document {
	openapi: string;
	info: { version: string };
	servers: { url: string }[];
	paths: Record<string, object>;
}

describe("GET /openapi.json", () => {
	it("is an OpenAPI document, without credentials", async () => {
		const response = await call("/openapi.json");
		expect(response.status).toBe(200);
		expect(response.headers.get("Content-Type")).toBe("application/json");
		const { openapi, info, paths: described } = await response.json<Document>();
		expect(openapi).toMatch(/^3\.1\./);
		expect(info.version).toBe(version);
		expect(Object.keys(described)).toEqual(Object.keys(describePaths(OPERATIONS)));
	});

	it("is there without static assets, and says where the app is mounted", async () => {
		const { ASSETS: _files, ...bindings } = env;
		const app = new Hono().route("/sse", createTidings().app);
		const at = "http://tidings.test/sse/openapi.json";
		const response = await app.request(at, {}, bindings);
		const { servers } = await response.json<Document>();
		expect(servers.map(({ url }) => new URL(url, at).href)).toEqual(["http://tidings.test/sse/"]);
	});

	it("is only read", async () => {
		const response = await call("/openapi.json", { method: "POST" });
		expect(response.headers.get("Allow")).toBe("GET");
		expect(await problem(response)).toMatchObject({ status: 405, code: "method_not_allowed" });
	});
});

describe("what is described", () => {
	const key = { Authorization: `Bearer ${PUBLISH_KEY}` };

	/** Sends a request, and holds its answer to the description. */
	async function answered(method: string, route: string, path: string, init: RequestInit = {}): Promise<unknown> {
		const response = await call(path, { method, ...init });
		const schema = bodySchema(method, route, response);
		const body = await response.json();
		expect(schema.parse(body)).toEqual(body);
		return body;
	}

	it("is what the routes of a channel answer", async () => {
		const channel = freshChannel();
		const below = `/channels/${channel}`;
		const event = { method: "POST", headers: { ...key, "Idempotency-Key": "once" } };
		for (const _again of [1, 2]) {
			await answered("POST", "/channels/{channel}/events", `${below}/events`, {
				...event,
				headers: { ...event.headers, "Content-Type": "application/json" },
				body: JSON.stringify([{ data: { id: 7 } }, { type: "order", data: "text" }]),
			});
		}
		await answered("POST", "/users/{sub}/events", "/users/alice/events", {
			headers: { ...key, "Content-Type": "text/plain" },
			body: "hello",
		});
		const stream = await subscribe(`/events?channel=${channel}`, await issuer.token());
		await answered("GET", "/channels/{channel}", below, { headers: key });
		await answered("GET", "/channels/{channel}", `/channels/${freshChannel()}`, { headers: key });
		expect(await answered("GET", "/channels/{channel}/events", `${below}/events`, { headers: key })).toHaveLength(2);
		const listed = await answered("GET", "/channels/{channel}/subscribers", `${below}/subscribers`, { headers: key });
		expect(listed).toHaveLength(1);
		const [{ connection } = { connection: "" }] = listed as { connection: string }[];
		await answered("PUT", "/connections/{connection}", `/connections/${encodeURIComponent(connection)}`, {
			headers: { Authorization: `Bearer ${await issuer.token()}` },
		});
		const path = "/channels/{channel}/subscribers";
		await answered("DELETE", path, `${below}/subscribers?user=alice`, { headers: key });
		await answered("DELETE", "/channels/{channel}", below, { headers: key });
		await stream.close();
	});

	it("is what the other routes answer", async () => {
		await answered("GET", "/health", "/health");
		const metrics = await call("/metrics", { headers: key });
		expect(metrics.headers.get("Content-Type")).toMatch(/^text\/plain/);
		expect(answersOf("GET", "/metrics")[200]?.content).toHaveProperty("text/plain");
		await answered("POST", "/tickets", "/tickets", { headers: { Authorization: `Bearer ${await issuer.token()}` } });
		await answered("POST", "/tickets", "/tickets", {
			headers: { ...key, "Content-Type": "application/json" },
			body: JSON.stringify({ user: "alice", channels: ["orders"] }),
		});
		expect((await call("/docs")).headers.get("Content-Type")).toMatch(/^text\/html/);
		expect(answersOf("GET", "/docs")[200]?.content).toHaveProperty("text/html");
	});

	it("is what a stream and a WebSocket begin with", async () => {
		const Authorization = `Bearer ${await issuer.token()}`;
		const stream = await call(`/events?channel=${freshChannel()}`, { headers: { Authorization } });
		expect(answersOf("GET", "/events")[200]?.content).toHaveProperty(stream.headers.get("Content-Type") ?? "");
		for (const name of ["Cache-Control", "X-Accel-Buffering"]) {
			expect(answersOf("GET", "/events")[200]?.headers?.shape).toHaveProperty(name);
			expect(stream.headers.get(name)).not.toBeNull();
		}
		await stream.body?.cancel();
		const socket = await call("/ws", { headers: { Upgrade: "websocket" } });
		expect(answersOf("GET", "/ws")).toHaveProperty(String(socket.status));
		socket.webSocket?.accept();
		socket.webSocket?.close();
	});

	it.each([
		["GET", "/events", "/events?channel=orders"],
		["GET", "/events", "/events?channel=orders&rewind=-1"],
		["GET", "/events", "/events?channel=a%20b"],
		["GET", "/events", "/events?channel=user:bob"],
		["GET", "/ws", "/ws"],
		["GET", "/metrics", "/metrics?channel=a%20b"],
		["POST", "/tickets", "/tickets"],
		["PUT", "/connections/{connection}", "/connections/x"],
		["POST", "/users/{sub}/events", "/users/alice/events"],
		["POST", "/channels/{channel}/events", "/channels/orders/events"],
		["GET", "/channels/{channel}", "/channels/orders"],
		["GET", "/channels/{channel}/events", "/channels/orders/events?limit=0"],
		["DELETE", "/channels/{channel}/subscribers", "/channels/orders/subscribers"],
		["DELETE", "/channels/{channel}", "/channels/orders?user=alice"],
	])("is how %s %s refuses %s", async (method, route, path) => {
		const token = { Authorization: `Bearer ${await issuer.token()}` };
		const statuses: number[] = [];
		for (const headers of [{}, { Authorization: "Basic eDp5" }, { Authorization: "Bearer x" }, token, key]) {
			const response = await call(path, { method, headers });
			statuses.push(response.status);
			if (response.ok) await response.body?.cancel();
			else bodySchema(method, route, response).parse(await response.json());
		}
		expect(statuses.some((status) => status >= 400)).toBe(true);
	});
});
