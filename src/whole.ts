import { z } from "zod";

/**
 * A whole number, as JSON has it, or in digits, as a query or a setting has it.
 *
 * @param digits how it may be written where it is a text.
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
