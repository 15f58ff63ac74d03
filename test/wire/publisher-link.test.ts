import { describe, expect, it } from "vitest";
import { Problem } from "../../src/errors.ts";
import { isForPublisher, publisherHeaders, publisherId, requestedPublisher } from "../../src/wire/publisher-link.ts";

describe("the request for a publisher's WebSocket", () => {
	it("carries who publishes", () => {
		const publisher = { user: "zoë|1", endsAt: 2, issuedAt: 1, linger: 5, request: "a-request" };
		const request = new Request("https://channel/", { headers: publisherHeaders(publisher) });
		expect(isForPublisher(request)).toBe(true);
		expect(requestedPublisher(request)).toEqual(publisher);
	});

	it.each([
		["nothing", ""],
		["no JSON", "hello"],
		["a bad escape", "%"],
		["less than this version needs", encodeURIComponent('{"key":"key:1","linger":0}')],
		["more than this version knows", encodeURIComponent('{"key":"key:1","linger":0,"request":"r","lease":1}')],
	])("is refused, to be tried again, when it carries %s", (_, header) => {
		const request = new Request("https://channel/", { headers: { "Tidings-Publisher": header } });
		expect(() => requestedPublisher(request)).toThrow(Problem);
		expect(() => requestedPublisher(request)).toThrow("channel_unavailable");
	});
});

describe("the id of a publisher", () => {
	it("is that of its requests", () => {
		expect(publisherId({ key: "key:0123456789abcdef", linger: 0, request: "r" })).toBe("key:0123456789abcdef");
		expect(publisherId({ user: "alice", linger: 0, request: "r" })).toBe("user:alice");
	});
});
