import { describe, expect, it } from "vitest";
import { findPublisher } from "../../src/auth/publishers.ts";

const KEYS = [
	{ key: "first-key-0123456789abcdef0123456789", patterns: ["*"] },
	{ key: "second-key-0123456789abcdef0123456789", patterns: ["orders", "chat:*"] },
];

describe("findPublisher", () => {
	it("finds the publisher of each key, with its patterns", async () => {
		for (const { key, patterns } of KEYS)
			expect(await findPublisher(key, KEYS)).toEqual({ kind: "key", id: expect.any(String), patterns });
	});

	it.each([
		["nothing", ""],
		["another key", "third-key-0123456789abcdef0123456789"],
		["the start of a key", "first-key-0123456789abcdef012345678"],
		["more than a key", "first-key-0123456789abcdef01234567890"],
		["a key in another case", "FIRST-KEY-0123456789ABCDEF0123456789"],
		["a key with a space", "first-key-0123456789abcdef0123456789 "],
		["two keys at once", "first-key-0123456789abcdef0123456789 second-key-0123456789abcdef0123456789"],
		["a key with its patterns", "second-key-0123456789abcdef0123456789=orders,chat:*"],
		["a lone surrogate", "\ud800"],
	])("finds nobody for %s", async (_, token) => {
		expect(await findPublisher(token, KEYS)).toBeUndefined();
	});

	it("finds nobody when no keys are configured", async () => {
		expect(await findPublisher("", [])).toBeUndefined();
		expect(await findPublisher(KEYS[0]?.key ?? "", [])).toBeUndefined();
	});
});
