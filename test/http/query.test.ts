import { describe, expect, it } from "vitest";
import { readQuery } from "../../src/http/query.ts";

describe("readQuery", () => {
	it.each([
		["", {}],
		["a=1&b=", { a: "1", b: "" }],
		["a=1&b=2&a=3", { a: ["1", "3"], b: "2" }],
		["a=&a=", { a: ["", ""] }],
	])("reads %j", (query, parameters) => {
		expect(readQuery(new URLSearchParams(query))).toEqual(parameters);
	});

	it("takes `__proto__` for a name like any other", () => {
		expect(Object.keys(readQuery(new URLSearchParams("__proto__=1")))).toEqual(["__proto__"]);
	});
});
