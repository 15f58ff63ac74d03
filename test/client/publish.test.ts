import { afterEach, describe, expect, it, vi } from "vitest";
import { createPublisher } from "../../src/client/publish.ts";

const KEY = "a-publish-key-0123456789abcdef0123456789";

/** What creating a publisher with a key comes to. */
function thrown(key: unknown): unknown {
	try {
		createPublisher({ url: "http://localhost", key: key as string });
		return undefined;
	} catch (error) {
		return error;
	}
}

afterEach(() => {
	vi.unstubAllGlobals();
});

describe("createPublisher", () => {
	it.each([
		["an empty one", ""],
		["a space", " "],
		["a variable that is not set", undefined],
		["null", null],
		["a text of a variable that is not set", "undefined"],
		["a text of null", "null"],
		["a scheme and a variable that is not set", "Bearer undefined"],
		["one with its scheme", `Bearer ${KEY}`],
		["one with a line break at its end", `${KEY}\n`],
		["one with a carriage return", `${KEY}\r\n`],
		["one with a line break inside", `${KEY}\nX-Other: 1`],
		["one with a space before it", ` ${KEY}`],
		["one with a tab", `${KEY}\t${KEY}`],
		["one with a NUL", `${KEY}\0`],
		["one with a no-break space", `${KEY}\u00a0`],
		["one with a letter that is not ASCII", `${KEY}é`],
		["one with a byte order mark", `\ufeff${KEY}`],
		["one with a lone surrogate", `${KEY}\ud800`],
		["two", `${KEY} ${KEY}2`],
		["a number", 7],
		["a list", [KEY]],
		["an object", { toString: () => KEY }],
		["a function", () => KEY],
		["a promise", Promise.resolve(KEY)],
	])("throws at once for a key that cannot be sent, and does not repeat it: %s", (_, key) => {
		const error = thrown(key);
		expect(error).toBeInstanceOf(TypeError);
		expect(`${error}`).toMatch(/^TypeError: `key` must be a publish key or a token/);
		expect(`${error}${(error as Error).stack}`).not.toContain(KEY);
	});

	it.each([KEY, "eyJhbGciOiJFUzI1NiJ9.e30.AAAA", "b64token+/~._-=="])("sends a key as it is: %s", async (key) => {
		const sent: Request[] = [];
		vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
			sent.push(new Request(input, init));
			return Response.json({ channel: "orders", ids: ["1"], subscribers: 0 }, { status: 201 });
		});
		await createPublisher({ url: "http://localhost", key }).publish("orders", { data: 1 });
		expect(sent.map(({ headers }) => headers.get("Authorization"))).toEqual([`Bearer ${key}`]);
	});
});
