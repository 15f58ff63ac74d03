import { describe, expect, it } from "vitest";
import { Redactor } from "../src/redactor.ts";

function redacted(text: string, ...secrets: string[]): string {
	return new Redactor(secrets).redact(text);
}

describe("Redactor", () => {
	it("replaces every occurrence of a secret, and nothing else", () => {
		expect(redacted("one abc two abc, three", "abc", "three")).toBe("one [redacted] two [redacted], [redacted]");
		expect(redacted("nothing of it is here", "abc")).toBe("nothing of it is here");
	});

	it.each([
		["as it is", 'a+b/c="d"', 'sent a+b/c="d" there'],
		["percent-encoded", "a+b/c=", "GET /x?token=a%2Bb%2Fc%3D"],
		["percent-encoded in lower case", "a+b/c=", "GET /x?token=a%2bb%2fc%3d"],
		["in JSON", 'a"b\\c', JSON.stringify({ token: 'a"b\\c' })],
		["with a lone surrogate", "a\ud800b", "GET /x?token=a%EF%BF%BDb"],
		["with characters that are special in patterns", "$&.*(", "sent $&.*( there"],
	])("finds a secret %s", (_, secret, text) => {
		const left = redacted(text, secret);
		expect(left).toContain("[redacted]");
		expect(left).not.toContain(secret);
		expect(left).not.toMatch(/%2b|\\"/i);
	});

	it("does not redact its own replacements", () => {
		expect(redacted("r and e", ..."redact[]".repeat(8))).toBe("[redacted] [redacted]n[redacted] [redacted]");
	});

	it("redacts the longer secret when one starts with another", () => {
		expect(redacted("one abcdef two abc", "abc", "abcdef")).toBe("one [redacted] two [redacted]");
	});

	it("redacts all of the text when there are too many secrets to search for", () => {
		const many = Array.from({ length: 10_000 }, (_, index) => `secret${index}`);
		expect(redacted("a path", ...many)).toBe("[redacted]");
		expect(redacted("a path", ...many.slice(0, 64))).toBe("a path");
		expect(redacted("a path", ...many.map(() => "the same"))).toBe("a path");
	});

	it("ignores an empty secret", () => {
		expect(redacted("a text", "")).toBe("a text");
	});
});
