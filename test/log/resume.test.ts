import { describe, expect, it } from "vitest";
import { findStart, type LogView, trimmedAfter } from "../../src/log/resume.ts";
import { parseCursor } from "../../src/wire/cursor.ts";

/** A log that was born at 1000 and whose head is 1010; it remembers from 1006 on. Event 1000 + n was published at n seconds. */
const LOG: LogView = {
	born: 1000,
	head: 1010,
	oldest: 1006,
	firstSince: (time) => {
		const first = Math.max(1006, 1000 + Math.ceil(time / 1000));
		return first <= 1010 ? first : undefined;
	},
};
/** Nothing has been published yet. */
const NEW: LogView = { born: 0, head: 0, oldest: undefined, firstSince: () => undefined };
/** It was wiped. */
const WIPED: LogView = { born: 1000, head: 2000, oldest: undefined, firstSince: () => undefined };
/** All that was published has been forgotten. */
const FORGOTTEN: LogView = { born: 1000, head: 1010, oldest: undefined, firstSince: () => undefined };
/** Nothing has been forgotten. */
const WHOLE: LogView = { ...LOG, oldest: 1001 };

/** A cursor as it came, and what it means to a stream of one channel. */
function given(cursor: string): { cursor: string; position?: number } {
	const position = parseCursor(cursor);
	return position === undefined ? { cursor } : { cursor, position };
}

describe("findStart with a cursor", () => {
	it.each([
		["1010", LOG, "at the head"],
		["1007", LOG, "in what is remembered"],
		["1005", LOG, "just before the oldest remembered event"],
		["1000", WHOLE, "at the start of a log that has forgotten nothing"],
		["0", NEW, "at the beginning of a channel without events"],
		["1010", FORGOTTEN, "at the head of a log that has forgotten everything"],
	])("resumes from %s exactly", (cursor, log) => {
		expect(findStart(given(cursor), log)).toEqual({ position: Number(cursor), cursor: Number(cursor), resumed: true });
	});

	it("resumes from 0 at the start of a log that was born since, and has forgotten nothing", () => {
		expect(findStart(given("0"), WHOLE)).toEqual({ position: 1000, cursor: 0, resumed: true });
	});

	it.each([
		["0", LOG, 1005, "1006"],
		["0", FORGOTTEN, 1010, null],
		["0", WIPED, 2000, null],
		["1004", LOG, 1005, "1006"],
		["1000", LOG, 1005, "1006"],
		["1009", FORGOTTEN, 1010, null],
		["1000", FORGOTTEN, 1010, null],
	])("tells of the gap after %s, and keeps that cursor until it has been told", (cursor, log, position, oldest) => {
		expect(findStart(given(cursor), log)).toEqual({
			position,
			cursor: Number(cursor),
			resumed: false,
			gap: { after: cursor, oldest, reason: "trimmed" },
		});
	});

	it.each([
		["of an earlier log", "999"],
		["lower than any log's", "1"],
		["ahead of the head", "1011"],
		["far ahead of the head", "9007199254740991"],
		["beyond what is an offset", "9007199254740993"],
		["malformed", "yesterday"],
		["not how it is written", "01007"],
		["empty", ""],
		["negative", "-1"],
		["of several channels", "deadbeef:1,2"],
		["nasty", "\n\nevent: closing"],
	])("starts live when it is %s", (_, cursor) => {
		expect(findStart(given(cursor), LOG)).toEqual({
			position: 1010,
			cursor: 1010,
			resumed: false,
			gap: { after: cursor, oldest: "1006", reason: "foreign_cursor" },
		});
	});

	it("says that nothing is remembered where a foreign cursor comes to a new log", () => {
		expect(findStart(given("5"), NEW).gap).toEqual({ after: "5", oldest: null, reason: "foreign_cursor" });
	});

	it.each([
		["1004", LOG, 1005],
		["yesterday", LOG, 1005],
		["1011", LOG, 1005],
		["1009", FORGOTTEN, 1010],
		["5", NEW, 0],
	])("starts with the oldest event after %s, without a gap, where gaps are ignored", (cursor, log, position) => {
		const request = { ...given(cursor), gaps: "ignored" } as const;
		expect(findStart(request, log)).toEqual({ position, cursor: position, resumed: false });
	});

	it("resumes exactly where gaps are ignored and there is none", () => {
		expect(findStart({ ...given("1007"), gaps: "ignored" }, LOG)).toEqual({
			position: 1007,
			cursor: 1007,
			resumed: true,
		});
	});

	it("does not look at rewind or since", () => {
		expect(findStart({ ...given("1008"), rewind: "all" }, LOG).position).toBe(1008);
		expect(findStart({ ...given("1008"), since: 0 }, LOG).position).toBe(1008);
		expect(findStart({ ...given("yesterday"), rewind: "all", since: 0 }, LOG).position).toBe(1010);
	});
});

describe("findStart without a cursor", () => {
	it.each([
		["starts live", {}, LOG, 1010],
		["starts live in a new log", {}, NEW, 0],
		["goes back 1 event", { rewind: 1 }, LOG, 1009],
		["goes back 3 events", { rewind: 3 }, LOG, 1007],
		["goes back as far as is remembered", { rewind: 5 }, LOG, 1005],
		["goes back no further", { rewind: 6 }, LOG, 1005],
		["goes back no further, however far it should", { rewind: 999_999_999 }, LOG, 1005],
		["goes back to the start of a log that has forgotten nothing", { rewind: 999 }, WHOLE, 1000],
		["goes back over everything", { rewind: "all" }, LOG, 1005],
		["goes back nowhere in a new log", { rewind: "all" }, NEW, 0],
		["goes back nowhere in a new log, by count", { rewind: 7 }, NEW, 0],
		["goes back nowhere where all is forgotten", { rewind: "all" }, FORGOTTEN, 1010],
		["goes back nowhere where all is forgotten, by count", { rewind: 7 }, FORGOTTEN, 1010],
		["starts with the events since a time", { since: 8000 }, LOG, 1007],
		["starts with the oldest where the time is before it", { since: 0 }, LOG, 1005],
		["starts live where nothing has come since", { since: 10_001 }, LOG, 1010],
		["starts live in a new log, whatever the time", { since: 0 }, NEW, 0],
	] as const)("%s", (_, request, log, position) => {
		expect(findStart(request, log)).toEqual({ position, cursor: position, resumed: false });
	});
});

describe("what was trimmed after a position", () => {
	it.each([
		[1004, LOG, { position: 1005, gap: { after: "1004", oldest: "1006", reason: "trimmed" } }],
		[0, LOG, { position: 1005, gap: { after: "0", oldest: "1006", reason: "trimmed" } }],
		[1005, LOG, undefined],
		[0, WHOLE, undefined],
		[1010, FORGOTTEN, undefined],
		[0, NEW, undefined],
	])("%i is found", (position, log, expected) => {
		expect(trimmedAfter(position, log)).toEqual(expected);
	});

	it("has no oldest event when nothing is retained", () => {
		expect(trimmedAfter(1008, FORGOTTEN)?.gap.oldest).toBeNull();
	});
});
