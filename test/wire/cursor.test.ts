import { describe, expect, it } from "vitest";
import { Cursors, formatCursor, parseCursor } from "../../src/wire/cursor.ts";

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

	it("hold a hash of each channel's name, and its position", async () => {
		const cursors = await Cursors.of(["chat:1", "orders", "user:alice"]);
		expect(cursors.format((channel) => positions.get(channel))).toBe("dOl7K-QDz.HBaK2wDS10.2r0duNNa2gosa7pa2gv");
	});

	it("hold 0 for a channel without events", async () => {
		const cursors = await Cursors.of(["a", "b"]);
		expect(cursors.format((channel) => (channel === "b" ? 1 : undefined))).toBe("ypeBEsob0.PiPoFgA51");
		expect(await cursors.parse("ypeBEsob0.PiPoFgA51")).toEqual(
			new Map([
				["a", 0],
				["b", 1],
			]),
		);
	});

	it("are read back exactly, in whichever order the channels are named", async () => {
		const cursor = (await Cursors.of(["orders", "user:alice", "chat:1"])).format((channel) => positions.get(channel));
		expect(await (await Cursors.of(["user:alice", "chat:1", "orders"])).parse(cursor)).toEqual(positions);
	});

	it("are decimal where the stream has one channel", async () => {
		const cursors = await Cursors.of(["orders"]);
		expect(cursors.format((channel) => positions.get(channel))).toBe("36");
		expect(await cursors.parse("36")).toEqual(new Map([["orders", 36]]));
		expect(await cursors.parse("yesterday")).toEqual(new Map());
	});

	it.each([
		[["orders"], ["orders"]],
		[
			["chat:1", "orders"],
			["chat:1", "orders"],
		],
		[
			["chat:2", "orders", "user:alice"],
			["orders", "user:alice"],
		],
		[
			["a", "chat:1", "chat:2", "orders", "user:alice"],
			["chat:1", "orders", "user:alice"],
		],
		[["a", "b"], []],
		[["a"], []],
	])("tell a stream of %j the positions of %j", async (channels, named) => {
		const cursor = (await Cursors.of(["chat:1", "orders", "user:alice"])).format((channel) => positions.get(channel));
		const expected = new Map(named.map((channel) => [channel, positions.get(channel)]));
		expect(await (await Cursors.of(channels)).parse(cursor)).toEqual(expected);
	});

	it("of one channel tell a stream of several nothing: they do not say of which", async () => {
		expect(await (await Cursors.of(["a", "b"])).parse("36")).toEqual(new Map());
	});

	it("leave out what stands there twice", async () => {
		const cursors = await Cursors.of(["a", "b"]);
		expect(await cursors.parse("ypeBEsob1.ypeBEsob2.PiPoFgA53")).toEqual(new Map([["b", 3]]));
	});

	it("name up to 32 channels", async () => {
		const channels = Array.from({ length: 32 }, (_, index) => `chat:${index}`);
		const cursors = await Cursors.of(channels);
		const all = new Map(channels.map((channel) => [channel, Number.MAX_SAFE_INTEGER]));
		const cursor = cursors.format((channel) => all.get(channel));
		expect(cursor.length).toBeLessThanOrEqual(640);
		expect(encodeURIComponent(cursor)).toBe(cursor);
		expect(await cursors.parse(cursor)).toEqual(all);
		expect(await cursors.parse(`${cursor}.PiPoFgA51`)).toEqual(new Map());
	});

	it.each([
		"",
		"7",
		"ypeBEsob",
		"ypeBEsob1",
		"ypeBEsob1.",
		"ypeBEsob1.PiPoFgA5",
		"ypeBEsob1.PiPoFgA501",
		"ypeBEsob1.PiPoFgA5A",
		"ypeBEsob1. PiPoFgA51",
		"ypeBEsob1.PiPoFgA51\n",
		"ypeBEsob1..PiPoFgA51",
		"ypeBEsob1.PiPoFgA5zzzzzzzzzzz",
		"ypeBEsob1,PiPoFgA51",
		"deadbeef:1,2",
	])("are not %j", async (text) => {
		expect(await (await Cursors.of(["a", "b"])).parse(text)).toEqual(new Map());
	});
});
