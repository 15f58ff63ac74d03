import { describe, expect, it } from "vitest";
import { type FrameEvent, FrameParser } from "../../src/wire/frame-parser.ts";

function parse(text: string, pieceSize: number, maxEventBytes = 100): FrameEvent[] {
	const events: FrameEvent[] = [];
	const parser = new FrameParser(maxEventBytes, (event) => void events.push(event));
	for (let at = 0; at < text.length; at += pieceSize) parser.feed(text.slice(at, at + pieceSize));
	parser.end();
	return events;
}

const STREAM =
	": a comment\nevent: t\nid: 7\ndata: one\ndata: two\n\nretry: 5\n\ndata\n\nid: 8\n\nx: y\ndata:three\nevent: u";
const EVENTS = [
	{ type: "t", data: "one\ntwo" },
	{ data: "", retry: 5 },
	{ type: "u", data: "three" },
];

describe("frames that are published", () => {
	describe.each([
		["LF", "\n"],
		["CR", "\r"],
		["CRLF", "\r\n"],
	])("with %s at the ends of lines", (_, end) => {
		it("are the same events wherever they are cut", () => {
			const text = STREAM.replaceAll("\n", end);
			for (let pieceSize = 1; pieceSize <= text.length; pieceSize += 1) {
				expect([pieceSize, parse(text, pieceSize)]).toEqual([pieceSize, EVENTS]);
			}
		});
	});

	it("are passed on as soon as they are complete", () => {
		const events: FrameEvent[] = [];
		const parser = new FrameParser(100, (event) => void events.push(event));
		parser.feed("data: 1\n\ndata: 2\n");
		expect(events).toEqual([{ data: "1" }]);
		parser.feed("\n");
		expect(events).toEqual([{ data: "1" }, { data: "2" }]);
	});

	it.each([1, 3, 100])("may have a byte order mark in a line, and none before it, in pieces of %d", (pieceSize) => {
		expect(parse("data: a\ufeffb\n\n", pieceSize)).toEqual([{ data: "a\ufeffb" }]);
		for (const text of ["\ufeffdata: 1\n\n", "data: 1\n\n\ufeffdata: 2\n\n", "data: 1\r\ufeffdata: 2\n\n"]) {
			expect(() => parse(text, pieceSize)).toThrow("A line starts with a byte order mark");
		}
	});

	it("count up to the mark that is refused", () => {
		const events: FrameEvent[] = [];
		const parser = new FrameParser(100, (event) => void events.push(event));
		expect(() => parser.feed("data: 1\n\n\ufeffdata: 2\n\ndata: 3\n\n")).toThrow("byte order mark");
		expect(events).toEqual([{ data: "1" }]);
	});

	it.each([
		["a line", `data: ${"x".repeat(100)}`],
		["several lines", "data: x\n".repeat(50)],
		["an id after it", `data: ${"x".repeat(100)}\nid: ${"7".repeat(4000)}`],
	])("may have as much data as an event: %s", (_, text) => {
		for (const pieceSize of [1, 50, 5000]) expect(parse(text, pieceSize)).toHaveLength(1);
	});

	it.each([
		["several lines", "data: x\n".repeat(2200)],
		["a line that does not end", `data: ${"x".repeat(4200)}`],
	])("are not held when they have more: %s", (_, text) => {
		for (const pieceSize of [1, 50, 1000]) expect(() => parse(text, pieceSize)).toThrow("MAX_EVENT_BYTES");
	});

	it("are refused when a comment goes on for ever", () => {
		const parser = new FrameParser(100, () => undefined);
		expect(() => {
			for (let at = 0; at < 1000; at += 1) parser.feed(":".repeat(100));
		}).toThrow("A frame, or a comment, is larger than the 100 bytes");
	});

	it("are read in linear time when they are cut into single characters", () => {
		const text = `${"data: x\r".repeat(20_000)}\r`;
		const from = performance.now();
		expect(parse(text, 1, 1_000_000)).toHaveLength(1);
		expect(performance.now() - from).toBeLessThan(5000);
	});
});
