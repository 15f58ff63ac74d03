import { afterEach, describe, expect, it, vi } from "vitest";
import { createPublisher, type EventInput } from "../../src/client/publish.ts";

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

	describe("publish", () => {
		/** Publishes with a `fetch` that only keeps the bodies, and answers with these. */
		async function bodiesOf(events: unknown): Promise<unknown[]> {
			const bodies: unknown[] = [];
			vi.stubGlobal(
				"fetch",
				vi.fn(async (_: URL, { body }: { body: string }) => {
					bodies.push(JSON.parse(body));
					const ids = Array.isArray(events) ? events.map((_, index) => `${index}`) : ["0"];
					return Response.json({ channel: "orders", ids, subscribers: 0 }, { status: 201 });
				}),
			);
			await createPublisher({ url: "http://localhost", key: KEY }).publish("orders", events as EventInput);
			return bodies;
		}

		it.each([
			["a Map", { data: { tags: new Map() } }, "`data.tags` is an instance of Map, which JSON cannot represent."],
			["a Set as the data", { data: new Set([1]) }, "`data` is an instance of Set, which JSON cannot represent."],
			["NaN", { data: [{ price: Number.NaN }] }, "`data.0.price` is NaN, which JSON would not preserve."],
			["infinity in a claim", { data: 1, to: { claims: { age: 1 / 0 } } }, "`to.claims.age` is Infinity, "],
			["undefined in a list", { data: [1, undefined] }, "`data.1` is undefined, which JSON cannot represent."],
			["a hole in a list", { data: Array(1) }, "`data.0` is undefined, which JSON cannot represent."],
			["a function", { data: { done: () => {} } }, "`data.done` is a function, which JSON cannot represent."],
			["a BigInt", { data: 7n }, "`data` is a bigint, which JSON cannot represent."],
			["an invalid Date", { data: { at: new Date(Number.NaN) } }, "`data.at` is an invalid Date."],
			["a Map as the event", new Map([["data", 1]]), "The event is an instance of Map, which JSON cannot represent."],
			["a batch", [{ data: 1 }, { data: { a: -0 } }], "Event 1 of the batch: `data.a` is -0, "],
			["a batch with a hole", Array(2), "Event 0 of the batch: The event is undefined, "],
		])("refuses what JSON cannot hold, and names its place: %s", async (_, events, message) => {
			const error = await bodiesOf(events).catch((thrown: unknown) => thrown);
			expect(error).toBeInstanceOf(TypeError);
			expect(`${error}`).toContain(message);
			expect(fetch).not.toHaveBeenCalled();
		});

		it("writes what says by itself how it is written, and leaves out members that are undefined", async () => {
			const event = { data: { at: new Date(0), note: undefined, list: [null, "", 0] }, to: undefined };
			expect(await bodiesOf(event)).toEqual([{ data: { at: "1970-01-01T00:00:00.000Z", list: [null, "", 0] } }]);
			expect(await bodiesOf([event])).toEqual([[{ data: { at: "1970-01-01T00:00:00.000Z", list: [null, "", 0] } }]]);
		});
	});

	it("ends the channel where it is asked to, with events or without", async () => {
		const sent: [string, unknown][] = [];
		vi.stubGlobal("fetch", async (url: URL, { body }: { body: string }) => {
			sent.push([url.search, JSON.parse(body)]);
			const ids = JSON.parse(body).map(() => "1");
			return Response.json({ channel: "orders", ids, subscribers: 0 }, { status: 201 });
		});
		const publisher = createPublisher({ url: "http://localhost?a=1", key: KEY });
		expect((await publisher.publish("orders", [], { end: true })).ids).toEqual([]);
		await publisher.publish("orders", [{ data: 1 }], { end: true });
		await publisher.publish("orders", [{ data: 1 }], { end: false });
		expect(sent).toEqual([
			["?a=1&end=1", []],
			["?a=1&end=1", [{ data: 1 }]],
			["?a=1", [{ data: 1 }]],
		]);
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
