import { describe, expect, it } from "vitest";
import { backoff } from "../../src/client/backoff.ts";

describe("the wait before another attempt", () => {
	it("doubles with each failure, up to half a minute", () => {
		expect([1, 2, 3, 4, 5, 20].map((failures) => backoff(failures, 2000, 1))).toEqual([
			2000, 4000, 8000, 16_000, 30_000, 30_000,
		]);
	});

	it("is left to chance by half", () => {
		expect(backoff(2, 1000, 0)).toBe(1000);
		const waits = Array.from({ length: 100 }, () => backoff(2, 1000));
		expect(Math.min(...waits)).toBeGreaterThanOrEqual(1000);
		expect(Math.max(...waits)).toBeLessThanOrEqual(2000);
		expect(new Set(waits).size).toBeGreaterThan(1);
	});

	it("is never none, nor less than the service asks for", () => {
		expect(backoff(1, 0, 1)).toBe(100);
		expect(backoff(3, 60_000, 1)).toBe(60_000);
	});

	it.each([3_600_001, 1e12, Number.MAX_VALUE, Number.POSITIVE_INFINITY])("is an hour at most: %s ms", (base) => {
		expect(backoff(1, base, 1)).toBe(3_600_000);
		expect(backoff(5000, base, 1)).toBe(3_600_000);
	});
});
