import { describe, expect, it } from "vitest";
import { Secrets } from "../src/secrets.ts";

function redacted(text: string, ...secrets: string[]): string {
	return new Secrets(secrets).redact(text);
}

describe("Secrets", () => {
	it("are taken out of a text, as often as they stand in it, and nothing else is", () => {
		expect(redacted("one abc two abc, three", "abc", "three")).toBe("one [redacted] two [redacted], [redacted]");
		expect(redacted("nothing of it is here", "abc")).toBe("nothing of it is here");
	});

	it.each([
		["as it is", 'a+b/c="d"', 'sent a+b/c="d" there'],
		["percent-encoded", "a+b/c=", "GET /x?token=a%2Bb%2Fc%3D"],
		["percent-encoded in lower case", "a+b/c=", "GET /x?token=a%2bb%2fc%3d"],
		["in JSON", 'a"b\\c', JSON.stringify({ token: 'a"b\\c' })],
		["with a character that is none", "a\ud800b", "GET /x?token=a%EF%BF%BDb"],
		["with what a pattern would mean something by", "$&.*(", "sent $&.*( there"],
	])("are found %s", (_, secret, text) => {
		const left = redacted(text, secret);
		expect(left).toContain("[redacted]");
		expect(left).not.toContain(secret);
		expect(left).not.toMatch(/%2b|\\"/i);
	});

	it("are not looked for in what has taken another's place", () => {
		expect(redacted("r and e", ..."redact[]".repeat(8))).toBe("[redacted] [redacted]n[redacted] [redacted]");
	});

	it("are taken out whole where one begins with another", () => {
		expect(redacted("one abcdef two abc", "abc", "abcdef")).toBe("one [redacted] two [redacted]");
	});

	it("that are too many to look for leave nothing of a text", () => {
		const many = Array.from({ length: 10_000 }, (_, index) => `secret${index}`);
		expect(redacted("a path", ...many)).toBe("[redacted]");
		expect(redacted("a path", ...many.slice(0, 64))).toBe("a path");
		expect(redacted("a path", ...many.map(() => "the same"))).toBe("a path");
	});

	it("that are empty are none", () => {
		expect(redacted("a text", "")).toBe("a text");
	});
});
