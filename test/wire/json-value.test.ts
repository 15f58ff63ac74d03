import { describe, expect, it } from "vitest";
import { flawOf } from "../../src/wire/json-value.ts";

class Point {
	x = 1;
}

const circle: unknown[] = [];
circle.push(circle);

describe("flawOf", () => {
	it.each<[string, unknown]>([
		["a text", "\ud800"],
		["numbers", [0, 1.5, -1e300, 2 ** 60]],
		["null and truths", [null, true, false]],
		["objects of any prototype", [{ a: {} }, Object.assign(Object.create(null), { a: 1 }), new Point()]],
		["a date, which becomes a text", { at: new Date(0) }],
		["what says itself how it is written", { toJSON: () => ({ a: 1 }) }],
		["a member that is undefined, which reads the same when it is left out", { a: undefined }],
		["a key `__proto__`", JSON.parse('{"__proto__":1}')],
	])("finds nothing wrong with %s", (_, value) => {
		expect(flawOf(value)).toBeUndefined();
	});

	it.each<[string, unknown, string]>([
		["a Map", new Map(), "is of the kind Map, which JSON cannot hold"],
		["a Set", new Set(), "is of the kind Set, which JSON cannot hold"],
		["an ArrayBuffer", new ArrayBuffer(1), "is of the kind ArrayBuffer, which JSON cannot hold"],
		["a typed array", new Uint8Array(1), "is of the kind Uint8Array, which JSON cannot hold"],
		["a DataView", new DataView(new ArrayBuffer(1)), "is of the kind DataView, which JSON cannot hold"],
		["a regular expression", /a/, "is of the kind RegExp, which JSON cannot hold"],
		["an error", new TypeError("x"), "is of the kind Error, which JSON cannot hold"],
		["a blob", new Blob([]), "is of the kind Blob, which JSON cannot hold"],
		["a request", new Request("http://x.test"), "is of the kind Request, which JSON cannot hold"],
		["headers", new Headers(), "is of the kind Headers, which JSON cannot hold"],
		["a stream", new ReadableStream(), "is of the kind ReadableStream, which JSON cannot hold"],
		["a promise", Promise.resolve(1), "is of the kind Promise, which JSON cannot hold"],
		["a function", () => 1, "is a function, which JSON cannot hold"],
		["a symbol", Symbol("a"), "is a symbol, which JSON cannot hold"],
		["a bigint", 1n, "is a bigint, which JSON cannot hold"],
		["NaN", Number.NaN, "is NaN, which JSON would not keep"],
		["infinity", Number.NEGATIVE_INFINITY, "is -Infinity, which JSON would not keep"],
		["minus zero", -0, "is -0, which JSON would not keep"],
		["a date that is none", new Date(Number.NaN), "is an invalid Date"],
		["a circle", circle, "is nested deeper than 512 levels"],
	])("finds %s, wherever it is", (_, value, problem) => {
		expect(flawOf(value)?.problem).toBe(problem);
		expect(flawOf([1, { a: value }])?.problem).toBe(problem);
		expect(flawOf({ toJSON: () => value })?.problem).toBe(problem);
	});

	it("finds what is undefined, or not there, in a list", () => {
		const holed = [1];
		holed[2] = 3;
		expect(flawOf([undefined])).toEqual({ path: ["0"], problem: "is undefined, which JSON cannot hold" });
		expect(flawOf(holed)?.path).toEqual(["1"]);
		expect(flawOf(undefined)?.problem).toBe("is undefined, which JSON cannot hold");
	});

	it("says where it is", () => {
		expect(flawOf({ a: [0, { "b c": 1n }] })?.path).toEqual(["a", "1", "b c"]);
		expect(flawOf(1n)?.path).toEqual([]);
	});
});
