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

	it("that are empty are none", () => {
		expect(redacted("a text", "")).toBe("a text");
	});
});
