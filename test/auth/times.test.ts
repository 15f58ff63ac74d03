import { describe, expect, it } from "vitest";
import { endOfToken } from "../../src/auth/times.ts";

describe("endOfToken", () => {
	it("is when the token expires, and for one that has expired the end of the clock tolerance", () => {
		const endOf = (expires: number) => endOfToken(expires, 1_000_000_000);
		expect(endOf(1_000_001)).toBe(1_000_001_000);
		expect(endOf(1_000_000)).toBe(1_000_060_000);
		expect(endOf(999_970)).toBe(1_000_030_000);
	});
});
