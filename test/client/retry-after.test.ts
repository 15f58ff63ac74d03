import { describe, expect, it } from "vitest";
import { retryAfter } from "../../src/client/retry-after.ts";

const NOW = Date.UTC(1994, 10, 6, 8, 49, 37);
const HOUR = 3_600_000;

describe("what a Retry-After asks for", () => {
	it.each([
		["1", 1000],
		["120", 120_000],
		["007", 7000],
		["Sun, 06 Nov 1994 08:50:37 GMT", 60_000],
		["Sunday, 06-Nov-94 08:50:37 GMT", 60_000],
		["Sun Nov  6 08:50:37 1994", 60_000],
	])("is a number of seconds, or a date in each of its forms: %s", (value, milliseconds) => {
		expect(retryAfter(value, NOW)).toBe(milliseconds);
	});

	it.each(["3601", "2592000", "9".repeat(400), "Tue, 06 Dec 1994 08:49:37 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"])(
		"is an hour at most: %s",
		(value) => {
			expect(retryAfter(value, NOW)).toBe(HOUR);
		},
	);

	it.each([
		null,
		"",
		"0",
		"-1",
		"1.5",
		"1e9",
		"0x10",
		"NaN",
		"Infinity",
		"-Infinity",
		"soon",
		"Sun",
		"5, 5",
		"1994-11-07",
	])("is nothing where it is neither, or over: %s", (value) => {
		expect(retryAfter(value, NOW)).toBeUndefined();
	});

	it("is nothing where the date has gone by", () => {
		expect(retryAfter("Sun, 06 Nov 1994 08:49:37 GMT", NOW)).toBeUndefined();
		expect(retryAfter("Sat, 05 Nov 1994 08:49:37 GMT", NOW)).toBeUndefined();
	});
});
