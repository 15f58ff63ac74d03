import { describe, expect, it } from "vitest";
import { flawOf } from "../../src/wire/json-value.ts";

class Point {
	x = 1;
}

const circle: unknown[] = [];
circle.push(circle);

describe("flawOf", () => {
	it.each<[string, unknown]>([
		["a string", "\ud800"],
		["numbers", [0, 1.5, -1e300, 2 ** 60]],
		["null and booleans", [null, true, false]],
		["objects of any prototype", [{ a: {} }, Object.assign(Object.create(null), { a: 1 }), new Point()]],
		["a date, which becomes a string", { at: new Date(0) }],
		["an object with a `toJSON` method", { toJSON: () => ({ a: 1 }) }],
		["an undefined member, which reads the same when it is omitted", { a: undefined }],
		["a key `__proto__`", JSON.parse('{"__proto__":1}')],
	])("accepts %s", (_, value) => {
		expect(flawOf(value)).toBeUndefined();
	});

	it.each<[string, unknown, string]>([
		["a Map", new Map(), "is an instance of Map, which JSON cannot represent"],
		["a Set", new Set(), "is an instance of Set, which JSON cannot represent"],
		["an ArrayBuffer", new ArrayBuffer(1), "is an instance of ArrayBuffer, which JSON cannot represent"],
		["a typed array", new Uint8Array(1), "is an instance of Uint8Array, which JSON cannot represent"],
		["a DataView", new DataView(new ArrayBuffer(1)), "is an instance of DataView, which JSON cannot represent"],
		["a regular expression", /a/, "is an instance of RegExp, which JSON cannot represent"],
		["an error", new TypeError("x"), "is an instance of Error, which JSON cannot represent"],
		["a blob", new Blob([]), "is an instance of Blob, which JSON cannot represent"],
		["a request", new Request("http://x.test"), "is an instance of Request, which JSON cannot represent"],
		["headers", new Headers(), "is an instance of Headers, which JSON cannot represent"],
		["a stream", new ReadableStream(), "is an instance of ReadableStream, which JSON cannot represent"],
		["a promise", Promise.resolve(1), "is an instance of Promise, which JSON cannot represent"],
		["a function", () => 1, "is a function, which JSON cannot represent"],
		["a symbol", Symbol("a"), "is a symbol, which JSON cannot represent"],
		["a bigint", 1n, "is a bigint, which JSON cannot represent"],
		["NaN", Number.NaN, "is NaN, which JSON would not preserve"],
		["infinity", Number.NEGATIVE_INFINITY, "is -Infinity, which JSON would not preserve"],
		["minus zero", -0, "is -0, which JSON would not preserve"],
		["an invalid date", new Date(Number.NaN), "is an invalid Date"],
		["a circle", circle, "is nested deeper than 512 levels"],
	])("finds %s at any depth", (_, value, problem) => {
		expect(flawOf(value)?.problem).toBe(problem);
		expect(flawOf([1, { a: value }])?.problem).toBe(problem);
		expect(flawOf({ toJSON: () => value })?.problem).toBe(problem);
	});

	it("finds undefined items and holes in a list", () => {
		const holed = [1];
		holed[2] = 3;
		expect(flawOf([undefined])).toEqual({ path: ["0"], problem: "is undefined, which JSON cannot represent" });
		expect(flawOf(holed)?.path).toEqual(["1"]);
		expect(flawOf(undefined)?.problem).toBe("is undefined, which JSON cannot represent");
	});

	it("returns the path", () => {
		expect(flawOf({ a: [0, { "b c": 1n }] })?.path).toEqual(["a", "1", "b c"]);
		expect(flawOf(1n)?.path).toEqual([]);
	});
});
