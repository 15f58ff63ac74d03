import { describe, expect, it } from "vitest";
import { holdsRounded, withoutRounded } from "../../src/wire/claims.ts";

const ROUNDED = [2 ** 53, -(2 ** 53), 738529527931269400, 1e300, Number.POSITIVE_INFINITY, Number.NaN];
const KEPT = [0, -0, 7, 0.1, 2 ** 53 - 1, 1 - 2 ** 53, "738529527931269425", true, null, { id: 7 }];

describe("holdsRounded", () => {
	it.each(ROUNDED)("finds %d, alone and in a list", (number) => {
		expect(holdsRounded(number)).toBe(true);
		expect(holdsRounded(["a", number])).toBe(true);
	});

	it.each(KEPT)("finds none in %j", (claim) => {
		expect(holdsRounded(claim)).toBe(false);
		expect(holdsRounded([claim])).toBe(false);
	});
});

describe("withoutRounded", () => {
	it("removes rounded numbers from claims and their lists, and nothing else", () => {
		expect(withoutRounded({ ...ROUNDED, list: [...KEPT, ...ROUNDED], kept: KEPT })).toEqual({ list: KEPT, kept: KEPT });
	});

	it("does not mutate its input", () => {
		const claims = { tenant: 2 ** 60, list: [2 ** 60] };
		withoutRounded(claims);
		expect(claims).toEqual({ tenant: 2 ** 60, list: [2 ** 60] });
	});
});
