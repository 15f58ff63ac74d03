import { describe, expect, it } from "vitest";
import { isListed, originsSchema } from "../src/origins.ts";

function problemOf(origins: string[]): string | undefined {
	return originsSchema.safeParse(origins).error?.issues[0]?.message;
}

describe("originsSchema", () => {
	it.each([
		"*",
		"https://example.com",
		"http://localhost:5173",
		"http://127.0.0.1:8080",
		"http://[::1]:3000",
		"https://xn--mnchen-3ya.de",
		"https://*.example.com",
		"https://*.example.com:8443",
		"http://*.localhost:5173",
		"capacitor://localhost",
		"ionic://localhost",
		"tauri://localhost",
		"app://obsidian.md",
		"chrome-extension://abcdefghijklmnopabcdefghijklmnop",
		"moz-extension://0b0e6a2c-5f0f-4d0e-9a55-1f3a3c6d7e8f",
		"safari-web-extension://E4F2A1B0-5F0F-4D0E-9A55-1F3A3C6D7E8F",
	])("accepts %s", (origin) => {
		expect(originsSchema.parse([origin])).toEqual([origin]);
	});

	it.each([
		["https://Example.com", "https://example.com"],
		["HTTPS://example.com", "https://example.com"],
		["https://example.com/", "https://example.com"],
		["https://example.com/app?a#b", "https://example.com"],
		["https://example.com:443", "https://example.com"],
		["http://example.com:80", "http://example.com"],
		["https://user:password@example.com", "https://example.com"],
		["https://münchen.de", "https://xn--mnchen-3ya.de"],
		["https://ex%61mple.com", "https://example.com"],
		["http://[0:0:0:0:0:0:0:1]", "http://[::1]"],
		["http://127.1", "http://127.0.0.1"],
		["https://*.Example.com:443/", "https://*.example.com"],
		["capacitor://localhost/", "capacitor://localhost"],
		["Capacitor://localhost", "capacitor://localhost"],
	])("says how browsers send %s", (origin, sent) => {
		expect(problemOf(["https://fine.test", origin])).toBe(
			`must list origins as browsers send them, such as \`${sent}\``,
		);
	});

	it.each([
		[[]],
		[["example.com"]],
		[["*", "https://example.com"]],
		[["*.example.com"]],
		[["https://*"]],
		[["https://*.*.example.com"]],
		[["https://a.*.example.com"]],
		[["https://*example.com"]],
		[["https://*.1.2.3.4"]],
		[["http://localhost:*"]],
		[["*://example.com"]],
		[["chrome-extension://*"]],
		[["capacitor://*.localhost"]],
		[["wss://example.com"]],
		[["ftp://example.com"]],
		[["file://"]],
		[["file:///index.html"]],
		[["data:text/html,x"]],
		[["blob:https://example.com/x"]],
		[["about:blank"]],
		[["https://a.com;https://b.com"]],
		[['"https://a.com"']],
		[["https://exa_mple.com|b"]],
		[["https://"]],
		[["//example.com"]],
	])("refuses %j, and shows valid examples", (origins) => {
		expect(problemOf(origins)).toMatch(/^must be `\*` alone, or list origins/);
	});

	it("refuses `null`, which any page can have", () => {
		expect(problemOf(["null"])).toContain("any page can have");
	});
});

describe("isListed", () => {
	it.each([
		["https://example.com", true],
		["https://example.com:8443", false],
		["https://a.wild.test", true],
		["https://a.b-c.d_e.wild.test", true],
		["https://wild.test", false],
		["https://.wild.test", false],
		["https://a..wild.test", false],
		["https://evilwild.test", false],
		["http://a.wild.test", false],
		["https://a.wild.test:8443", false],
		["https://evil.test/.wild.test", false],
		["https://evil.test#.wild.test", false],
		["https://user@a.wild.test", false],
		["https://a.port.test:8443", true],
		["https://a.port.test", false],
		["null", false],
		["", false],
	])("%s: %s", (origin, isThere) => {
		const listed = ["https://example.com", "https://*.wild.test", "https://*.port.test:8443"];
		expect(isListed(origin, listed)).toBe(isThere);
	});
});
