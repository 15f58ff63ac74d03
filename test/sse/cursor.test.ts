import { describe, expect, it } from "vitest";
import { formatCursor, parseCursor } from "../../src/sse/cursor.ts";

describe("formatCursor", () => {
	it.each([
		[0, "0"],
		[7, "7"],
		[1_795_223_089_000_001, "1795223089000001"],
		[Number.MAX_SAFE_INTEGER, "9007199254740991"],
	])("writes %i as decimal digits", (offset, cursor) => {
		expect(formatCursor(offset)).toBe(cursor);
	});
});

describe("parseCursor", () => {
	it.each([0, 1, 10, 1_795_223_089_000_001, Number.MAX_SAFE_INTEGER])(
		"reads back what was written for %i",
		(offset) => {
			expect(parseCursor(formatCursor(offset))).toBe(offset);
		},
	);

	it.each([
		"",
		"yesterday",
		"-1",
		"+1",
		"1.0",
		"1e3",
		"0x10",
		"00",
		"01",
		" 1",
		"1 ",
		"1\n",
		"1,2",
		"1_000",
		"٣",
		"9007199254740992",
		"9999999999999999",
		"10000000000000000",
		"1795223089000001000",
		"Infinity",
		"NaN",
		"deadbeef:1,2",
		'"7"',
	])("does not know %j, which no stream of one channel sends", (text) => {
		expect(parseCursor(text)).toBeUndefined();
	});
});
