import { describe, expect, it } from "vitest";
import { Cursors, formatCursor, parseCursor } from "../../src/sse/cursor.ts";

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

describe("the cursors of a stream of several channels", () => {
	const positions = new Map([
		["orders", 36],
		["chat:1", 35],
		["user:alice", Number.MAX_SAFE_INTEGER],
	]);

	it("hold a fingerprint of the channels, and every position in the order of their sorted names", async () => {
		const cursors = await Cursors.of(["orders", "user:alice", "chat:1"]);
		expect(cursors.format(positions)).toMatch(/^[0-9a-f]{8}:z,10,2gosa7pa2gv$/);
	});

	it("are read back exactly, in whichever order the channels are named", async () => {
		const cursor = (await Cursors.of(["orders", "user:alice", "chat:1"])).format(positions);
		expect((await Cursors.of(["user:alice", "chat:1", "orders"])).parse(cursor)).toEqual(positions);
	});

	it("are decimal where the stream has one channel", async () => {
		const cursors = await Cursors.of(["orders"]);
		expect(cursors.format(positions)).toBe("36");
		expect(cursors.parse("36")).toEqual(new Map([["orders", 36]]));
		expect(cursors.parse("yesterday")).toBeUndefined();
	});

	it("are none of a stream of other channels", async () => {
		const cursor = (await Cursors.of(["a", "b"])).format(
			new Map([
				["a", 1],
				["b", 2],
			]),
		);
		for (const channels of [["a", "c"], ["a", "b", "c"], ["a"], ["ab"]]) {
			expect((await Cursors.of(channels)).parse(cursor)).toBeUndefined();
		}
	});

	it.each([
		"",
		"7",
		"FINGERPRINT",
		"FINGERPRINT:",
		"FINGERPRINT:1",
		"FINGERPRINT:1,2,3",
		"FINGERPRINT:1,",
		"FINGERPRINT:01,2",
		"FINGERPRINT:1,A",
		"FINGERPRINT:1, 2",
		"FINGERPRINT:1,2\n",
		"FINGERPRINT:1,zzzzzzzzzzz",
		"00000000:1,2",
		"deadbeef:1,2",
	])("are not %j", async (text) => {
		const cursors = await Cursors.of(["a", "b"]);
		const [fingerprint = ""] = cursors.format(new Map()).split(":");
		expect(cursors.parse(text.replace("FINGERPRINT", fingerprint))).toBeUndefined();
	});
});
