import { afterEach, describe, expect, it, vi } from "vitest";
import { routesOf } from "../../src/client/service-url.ts";

afterEach(() => {
	vi.unstubAllGlobals();
});

const route = (url: string | URL) => routesOf(url)("events").href;

describe("the URL of a service", () => {
	it.each([
		["https://example.com", "https://example.com/events"],
		["https://example.com/", "https://example.com/events"],
		["https://example.com/sse", "https://example.com/sse/events"],
		["https://example.com/sse/", "https://example.com/sse/events"],
		["https://example.com/a/b///", "https://example.com/a/b/events"],
		["https://example.com/sse?tenant=1", "https://example.com/sse/events?tenant=1"],
		["https://example.com/sse/?tenant=1&b=%20#top", "https://example.com/sse/events?tenant=1&b=%20"],
		["https://example.com/sse?path=/x/", "https://example.com/sse/events?path=/x/"],
		["https://example.com/sse#/top/", "https://example.com/sse/events"],
		["HTTP://EXAMPLE.com:80", "http://example.com/events"],
	])("keeps its path and query: %s", (url, expected) => {
		expect(route(url)).toBe(expected);
		expect(route(new URL(url))).toBe(expected);
	});

	it.each([
		["/sse", "https://example.com/sse/events"],
		["sse", "https://example.com/app/sse/events"],
		["", "https://example.com/app/page/events?x=1"],
		["//other.example/sse", "https://other.example/sse/events"],
		["https://other.example", "https://other.example/events"],
	])("may be relative to the page: %s", (url, expected) => {
		vi.stubGlobal("location", { href: "https://example.com/app/page?x=1#y" });
		expect(route(url)).toBe(expected);
	});

	it.each(["/sse", "sse", "", "//example.com", "https://", "https://exa mple.com"])(
		"is refused where there is no page that it could be relative to: %s",
		(url) => {
			expect(() => route(url)).toThrow(TypeError);
		},
	);

	it.each(["localhost:8787", "example.com:443/sse", "ftp://example.com", "ws://example.com", "file:///sse", "data:,x"])(
		"is refused where no request can go to it: %s",
		(url) => {
			expect(() => route(url)).toThrow("https://");
		},
	);

	it("is refused with a user name or a password, which `fetch` does not take, and which is not repeated", () => {
		for (const url of ["https://user:secret@example.com", "https://secret@example.com"]) {
			expect(() => route(url)).toThrow(TypeError);
			expect(() => route(url)).not.toThrow("secret");
		}
	});

	it("does not change with the URL that was given", () => {
		const url = new URL("https://example.com/sse");
		const routeOf = routesOf(url);
		url.pathname = "/elsewhere";
		expect(routeOf("events").href).toBe("https://example.com/sse/events");
	});
});
