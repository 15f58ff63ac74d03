import { z } from "zod";

/**
 * A schema for an integer within a range. Accepts a number, as in JSON, or a string of digits, as in queries and settings.
 *
 * @param digits the strings that are accepted. Default: one or more ASCII digits.
 *
 * @example
 * whole(1, 300).parse("25"); // 25
 * whole(1, 300).safeParse("0").success; // false
 */
export function whole(min: number, max: number, digits = /^\d+$/) {
	const problem = `must be a whole number from ${min} to ${max}`;
	return z.preprocess(
		(value) => (typeof value === "string" && digits.test(value) ? Number(value) : value),
		z.int(problem).min(min, problem).max(max, problem),
	);
}
