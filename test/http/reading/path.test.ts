import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { createTidings } from "../../../src/index.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { call, PUBLISH_KEY, problem } from "../../support/service.ts";

function publishing(credential = PUBLISH_KEY): RequestInit {
	const headers = { Authorization: `Bearer ${credential}`, "Content-Type": "text/plain" };
	return { method: "POST", headers, body: "hello" };
}

describe("a subject in a path", () => {
	it.each([
		["alice", "user:alice"],
		["a%2Fb", "user:a~2Fb"],
		["a%5Cb", "user:a~5Cb"],
		["a%0Ab%00", "user:a~0Ab~00"],
		["100%25", "user:100~25"],
		["jos%25E9", "user:jos~25E9"],
		["%252F", "user:~252F"],
		["%25%32%46", "user:~252F"],
		["jos%C3%A9", "user:jos~C3~A9"],
		["a%3Fb%23c", "user:a~3Fb~23c"],
		["a+b", "user:a~2Bb"],
		["events", "user:events"],
	])("%s is %s", async (subject, channel) => {
		const response = await call(`/users/${subject}/events`, publishing());
		expect(await response.json()).toMatchObject({ channel });
	});

	it.each([
		["a slash at the end", "/users/alice/events/", "user:alice"],
		["an encoded slash in it", "/users/events%2Fusers/events/", "user:events~2Fusers"],
		["nothing at the end", "/users/alice/events", "user:alice"],
	])("is the same in an app that is not strict: %s", async (_, path, channel) => {
		const app = new Hono({ strict: false }).route("/sse", createTidings().app);
		const response = await app.request(`http://tidings.test/sse${path}`, publishing(), env);
		expect(await response.json()).toMatchObject({ channel });
	});

	it("is the same below a path with parameters of its own", async () => {
		const app = new Hono({ strict: false }).route("/tenants/:tenant/:sub{[a-z]+}", createTidings().app);
		for (const end of ["", "/"]) {
			const response = await app.request(
				`http://tidings.test/tenants/users/mallory/users/alice/events${end}`,
				publishing(),
				env,
			);
			expect(await response.json()).toMatchObject({ channel: "user:alice" });
		}
	});

	it("that is taken out of the path by URL parsers reaches nobody", async () => {
		for (const subject of [".", "..", "%2E", "%2e%2E", ".%2e", ""]) {
			const response = await call(`/users/${subject}/events`, publishing());
			expect([404, 405]).toContain(response.status);
		}
	});
});

describe("a path that is not percent-encoded UTF-8", () => {
	it.each([
		["POST", "/users/jos%E9/events"],
		["POST", "/users/100%/events"],
		["POST", "/users/%C0%AF/events"],
		["POST", "/users/%ED%A0%80/events"],
		["POST", "/users/%zz/events"],
		["POST", "/users/%25%E9/events"],
		["POST", "/channels/jos%E9/events"],
		["GET", "/channels/orders%"],
		["DELETE", "/channels/%FF"],
		["GET", "/channels/%E9/events"],
		["GET", "/channels/%E9/subscribers"],
		["DELETE", "/channels/%E9/subscribers?user=alice"],
		["PUT", "/connections/%E9"],
	])("is refused: %s %s", async (method, path) => {
		const credential = method === "PUT" ? await (await TestIssuer.start()).token() : PUBLISH_KEY;
		const { body, ...init } = publishing(credential);
		const response = await call(path, { ...init, method, ...(method === "POST" && { body }) });
		expect(await problem(response)).toMatchObject({
			status: 400,
			code: "invalid_request",
			detail: expect.stringContaining("The path is not percent-encoded UTF-8."),
		});
	});
});
