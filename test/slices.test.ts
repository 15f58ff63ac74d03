import { expect, it } from "vitest";
import { slicesOf } from "../src/slices.ts";

it("slicesOf cuts a list into slices, of which the last may be shorter, and there is one at least", () => {
	expect(slicesOf([1, 2, 3], 2)).toEqual([[1, 2], [3]]);
	expect(slicesOf([1, 2], 2)).toEqual([[1, 2]]);
	expect(slicesOf([], 2)).toEqual([[]]);
});
