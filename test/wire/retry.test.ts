import { describe, expect, it } from "vitest";
import { spreadRetry } from "../../src/wire/retry.ts";

describe("a reconnection time", () => {
	it.each([
		[2000, 0, 1500],
		[2000, 0.5, 2000],
		[2000, 1, 2500],
		[3, 0.4, 3],
	])("of %i ms has a jitter of a quarter to either side: at %d, it is %i ms", (milliseconds, random, spread) => {
		expect(spreadRetry(milliseconds, random)).toBe(spread);
	});

	it("of 0 stays 0", () => {
		expect(spreadRetry(0, 1)).toBe(0);
	});

	it("is never more than an hour", () => {
		expect(spreadRetry(3_600_000, 1)).toBe(3_600_000);
		expect(spreadRetry(3_600_000, 0)).toBe(2_700_000);
	});
});
