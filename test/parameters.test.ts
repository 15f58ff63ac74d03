import { describe, expect, it } from "vitest";
import { Problem } from "../src/errors.ts";
import { type Parameters, readParameters } from "../src/parameters.ts";

function read(text: string): Parameters {
	return readParameters(text, "invalid_request", "query");
}

function refusal(text: string): Problem {
	try {
		read(text);
	} catch (error) {
		if (error instanceof Problem) return error;
		throw error;
	}
	throw new Error(`${text} was read.`);
}

describe("readParameters", () => {
	it.each([
		["", {}],
		["&&", {}],
		["a=1&b=", { a: "1", b: "" }],
		["a", { a: "" }],
		["=1", { "": "1" }],
		["a=1&b=2&a=3", { a: ["1", "3"], b: "2" }],
		["a=1&a=2&a=3", { a: ["1", "2", "3"] }],
		["a=&a=", { a: ["", ""] }],
		["a=1=2", { a: "1=2" }],
		["?a=1", { "?a": "1" }],
		["a+b=c+d%2B", { "a b": "c d+" }],
		["jos%C3%A9=%F0%9F%98%80", { josé: "😀" }],
		["a=é", { a: "é" }],
		["a=%EF%BF%BD%00", { a: "\ufffd\0" }],
	])("reads %j", (text, parameters) => {
		expect(read(text)).toEqual(parameters);
	});

	it("takes `__proto__` for a name like any other", () => {
		expect(Object.keys(read("__proto__=1"))).toEqual(["__proto__"]);
	});

	it.each([
		["a byte of another charset", "a=jos%E9"],
		["a lone percent sign", "a=100%"],
		["a percent sign before other characters", "a=%zz"],
		["half of an escape", "a=%4"],
		["an overlong form", "a=%C0%AF"],
		["a surrogate", "a=%ED%A0%80"],
		["more than Unicode has", "a=%F4%90%80%80"],
		["a character that is cut off", "a=%C3&b=%A9"],
		["a name of another charset", "jos%E9=1"],
	])("refuses %s, and says which parameter has it", (_, text) => {
		const problem = refusal(`first=1&${text}`);
		expect(problem.code).toBe("invalid_request");
		expect(problem.detail).toMatch(/^Parameter 2 of the query is not percent-encoded UTF-8\. .*%25/);
	});

	it("reads a thousand, and not more", () => {
		expect(read("a=1&".repeat(1000)).a).toHaveLength(1000);
		for (const pair of ["a&", "a=1&", "=&"]) expect(refusal(pair.repeat(1001)).detail).toContain("more than 1000");
	});

	it("gives up on what has millions of parts before it has read them", () => {
		const parts = Array.from({ length: 2_000_000 }, (_, index) => `p${index}=1`).join("&");
		expect(refusal(parts).detail).toContain("more than 1000");
	});
});
