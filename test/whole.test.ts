import { describe, expect, it } from "vitest";
import { whole } from "../src/whole.ts";

describe("whole", () => {
	it.each([
		[1, 1],
		[300, 300],
		["1", 1],
		["0300", 300],
	])("accepts %j", (value, number) => {
		expect(whole(1, 300).parse(value)).toBe(number);
	});

	it.each([0, 301, 1.5, Number.NaN, null, undefined, true, [1], "", " 1", "1e2", "0x1", "-1", "301", "1.0"])(
		"refuses %j, and names the range",
		(value) => {
			const { error } = whole(1, 300).safeParse(value);
			expect(error?.issues[0]?.message).toBe("must be a whole number from 1 to 300");
		},
	);

	it("accepts only strings of the given pattern", () => {
		expect(whole(1, 300, /^[1-9]\d*$/).safeParse("0300").success).toBe(false);
	});
});
