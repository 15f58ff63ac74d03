import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createTidings, type TidingsEnv } from "../../../src/index.ts";
import { problem } from "../../support/service.ts";

const FILES = ["/", "/console/console.js", "/console/console.css", "/console/icon.svg", "/console/settings.json"];

/** A request to the same service with other settings. */
async function callWith(settings: Partial<TidingsEnv>, path: string, init?: RequestInit): Promise<Response> {
	return await createTidings().app.request(`http://tidings.test${path}`, init, { ...env, ...settings });
}

describe("the console", () => {
	it.each(FILES)("is off by default: nothing is at %s", async (path) => {
		for (const method of ["GET", "POST"]) {
			const response = await callWith({ CONSOLE: undefined }, path, { method });
			expect(await problem(response)).toMatchObject({ status: 404, code: "not_found" });
		}
	});

	it.each(FILES)("is nowhere in a Worker without its files: %s", async (path) => {
		const { ASSETS: _files, ...bindings } = env;
		const { app } = createTidings();
		const response = await app.request(`http://tidings.test${path}`, {}, { ...bindings, CONSOLE: "on" });
		expect(await problem(response)).toMatchObject({ status: 404, code: "not_found" });
	});

	it("leaves its paths to the app that it is mounted into, where it is off", async () => {
		const { app } = createTidings();
		app.get("/", (c) => c.text("a page of its own"));
		const response = await app.request("http://tidings.test/", {}, { ...env, CONSOLE: "off" });
		expect(await response.text()).toBe("a page of its own");
	});

	it("is a page that may run its own script only, and talk to the service and the issuer only", async () => {
		const response = await callWith({ CONSOLE: "on" }, "/");
		expect(response.status).toBe(200);
		expect(response.headers.get("Content-Type")).toMatch(/^text\/html/);
		expect(await response.text()).toContain("tidings");
		const policy = response.headers.get("Content-Security-Policy")?.split("; ");
		expect(policy).toEqual(
			expect.arrayContaining([
				"default-src 'none'",
				"script-src 'self'",
				"style-src 'self'",
				"connect-src 'self' http://localhost:8788",
				"base-uri 'none'",
				"form-action 'none'",
				"frame-ancestors 'none'",
			]),
		);
		expect(response.headers.get("Referrer-Policy")).toBe("no-referrer");
		expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
		expect(response.headers.get("Cache-Control")).toBe("no-cache");
	});

	it("names no other origin where the issuer is no URL", async () => {
		const response = await callWith({ CONSOLE: "on", JWT_ISSUER: "our-issuer" }, "/");
		expect(response.headers.get("Content-Security-Policy")).toContain("connect-src 'self';");
		await response.body?.cancel();
	});

	it("has its script, its style and its icon beside it", async () => {
		const types: Record<string, RegExp> = { js: /javascript/, css: /^text\/css/, svg: /^image\/svg/ };
		for (const [ending, type] of Object.entries(types)) {
			const name = ending === "svg" ? "icon" : "console";
			const response = await callWith({ CONSOLE: "on" }, `/console/${name}.${ending}`);
			expect(response.status).toBe(200);
			expect(response.headers.get("Content-Type")).toMatch(type);
			expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
			await response.body?.cancel();
		}
	});

	it("tells where to sign in", async () => {
		const response = await callWith({ CONSOLE: "on" }, "/console/settings.json");
		expect(await response.json()).toEqual({ issuer: "http://localhost:8788" });
	});

	it("cannot tell where to sign in when a hook decides who somebody is", async () => {
		const { app } = createTidings({ authenticate: () => null });
		const url = "http://tidings.test/console/settings.json";
		const response = await app.request(url, {}, { ...env, CONSOLE: "on" });
		expect(await response.json()).toEqual({ issuer: null });
	});

	it.each(["/console/nothing.js", "/console/", "/index.html", "/nowhere"])("has nothing at %s", async (path) => {
		const response = await callWith({ CONSOLE: "on" }, path);
		expect(await problem(response)).toMatchObject({ status: 404, code: "not_found" });
	});

	it("is only looked at", async () => {
		for (const path of FILES) {
			const response = await callWith({ CONSOLE: "on" }, path, { method: "POST" });
			expect(response.headers.get("Allow")).toBe("GET");
			expect(await problem(response)).toMatchObject({ status: 405, code: "method_not_allowed" });
		}
	});
});
