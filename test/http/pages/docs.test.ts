import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createTidings } from "../../../src/index.ts";
import { call, problem } from "../../support/service.ts";

const FILES = ["/docs", "/docs/docs.js", "/docs/docs.css", "/docs/icon.svg"];

describe("GET /docs", () => {
	it("is a page that may run its own script only, and talk to the service only", async () => {
		const response = await call("/docs");
		expect(response.status).toBe(200);
		expect(response.headers.get("Content-Type")).toMatch(/^text\/html/);
		expect(await response.text()).toContain("tidings");
		expect(response.headers.get("Content-Security-Policy")?.split("; ").sort()).toEqual([
			"base-uri 'none'",
			"connect-src 'self'",
			"default-src 'none'",
			"form-action 'none'",
			"frame-ancestors 'none'",
			"img-src 'self' data:",
			"script-src 'self'",
			"style-src 'self'",
		]);
		expect(response.headers.get("Referrer-Policy")).toBe("no-referrer");
		expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
		expect(response.headers.get("Cache-Control")).toBe("no-cache");
	});

	it("has its script, its style and its icon beside it", async () => {
		const types = { js: /javascript/, css: /^text\/css/, svg: /^image\/svg/ };
		for (const [ending, type] of Object.entries(types)) {
			const response = await call(`/docs/${ending === "svg" ? "icon" : "docs"}.${ending}`);
			expect(response.status).toBe(200);
			expect(response.headers.get("Content-Type")).toMatch(type);
			await response.body?.cancel();
		}
	});

	it.each(FILES)("is nowhere in a Worker without its files: %s", async (path) => {
		const { ASSETS: _files, ...bindings } = env;
		for (const method of ["GET", "POST"]) {
			const response = await createTidings().app.request(path, { method }, bindings);
			expect(await problem(response)).toMatchObject({ status: 404, code: "not_found" });
		}
	});

	it.each(["/docs/nothing.js", "/docs.html"])("has nothing at %s", async (path) => {
		expect(await problem(await call(path))).toMatchObject({ status: 404, code: "not_found" });
	});

	it("is only looked at", async () => {
		for (const path of FILES) {
			const response = await call(path, { method: "POST" });
			expect(response.headers.get("Allow")).toBe("GET");
			expect(await problem(response)).toMatchObject({ status: 405, code: "method_not_allowed" });
		}
	});
});
