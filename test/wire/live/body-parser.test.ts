import { describe, expect, it } from "vitest";
import { Problem } from "../../../src/errors.ts";
import type { NewEvent } from "../../../src/wire/event.ts";
import { BodyParser, type LiveType } from "../../../src/wire/live/body-parser.ts";

interface Parsed {
	events: NewEvent[];
	problem?: Pick<Problem, "code" | "detail">;
}

function parse(type: LiveType, body: string | Uint8Array, pieceSize = 1000, maxEventBytes = 100): Parsed {
	const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
	const events: NewEvent[] = [];
	const parser = new BodyParser(type, maxEventBytes, (event) => void events.push(event));
	try {
		for (let at = 0; at < bytes.byteLength; at += pieceSize) parser.feed(bytes.subarray(at, at + pieceSize));
		parser.end();
		return { events };
	} catch (error) {
		if (!(error instanceof Problem)) throw error;
		return { events, problem: { code: error.code, detail: error.detail } };
	}
}

const NDJSON = "application/x-ndjson";
const SSE = "text/event-stream";

describe("NDJSON", () => {
	const lines = [
		'{"data":"é😀"}',
		"",
		'{"type":"t","data":{"n":1e400},"to":{"user":"alice"},"retry":5}',
		" \t",
		'{"data":null}',
	];
	const events = [
		{ type: "message", data: '"é😀"' },
		{ type: "t", data: '{"n":1e400}', to: { user: "alice" }, retry: 5 },
		{ type: "message", data: "null" },
	];

	it.each([
		["LF", "\n"],
		["CRLF", "\r\n"],
	])("with %s is the same events wherever it is cut", (_, end) => {
		const body = new TextEncoder().encode(`\ufeff${lines.join(end)}`);
		for (let pieceSize = 1; pieceSize <= body.byteLength; pieceSize += 1) {
			expect(parse(NDJSON, body, pieceSize)).toEqual({ events });
		}
	});

	it.each([
		["is not JSON", "{'data':1}", "invalid_event", "The line is not JSON."],
		["is cut off", '{"data":', "invalid_event", "The line is not JSON."],
		["holds two events", '{"data":1}{"data":2}', "invalid_event", "The line is not JSON."],
		["is a list", '[{"data":1}]', "invalid_event", "The event"],
		["is no object", "7", "invalid_event", "The event"],
		["has a field that no event has", '{"data":1,"id":"7"}', "invalid_event", '"id"'],
		["has a reserved type", '{"type":"closing","data":1}', "invalid_event", "reserved"],
		["is nested too deeply", `{"data":${"[".repeat(600)}${"]".repeat(600)}}`, "invalid_event", "512 levels"],
		["has too much data", `{"data":"${"x".repeat(101)}"}`, "payload_too_large", "MAX_EVENT_BYTES"],
		["does not end", `{"data":"${"x".repeat(5000)}`, "payload_too_large", "The line has more than 4896 characters."],
	])("is refused with the number of the event, and after the events before, when a line %s", (_, line, code, text) => {
		for (const pieceSize of [1, 10_000]) {
			const { events: before, problem } = parse(NDJSON, `{"data":1}\n\n{"data":2}\n${line}\n{"data":4}\n`, pieceSize);
			expect(before).toHaveLength(2);
			expect(problem).toEqual({ code, detail: expect.stringMatching(/^Event 3 of the body: /) });
			expect(problem?.detail).toContain(text);
		}
	});
});

describe("frames", () => {
	it("are events whose data is a text", () => {
		expect(parse(SSE, 'event: t\ndata: {"a":1}\n\ndata: [DONE]')).toEqual({
			events: [
				{ type: "t", data: '"{\\"a\\":1}"' },
				{ type: "message", data: '"[DONE]"' },
			],
		});
	});

	it.each([
		["has a reserved type", "event: error\ndata: 1", "invalid_event", "reserved"],
		["has too much data", `data: ${"x".repeat(101)}`, "payload_too_large", "MAX_EVENT_BYTES"],
		["tells clients to wait too long", "retry: 3600001\ndata: 1", "invalid_event", "`retry`"],
		["starts with a byte order mark", "\ufeffdata: 1", "invalid_event", "byte order mark"],
	])("are refused with the number of the event, and after the events before, when one %s", (_, frame, code, text) => {
		for (const pieceSize of [1, 10_000]) {
			const { events, problem } = parse(SSE, `data: 1\n\n: nothing\n\ndata: 2\n\n${frame}\n\ndata: 4\n\n`, pieceSize);
			expect(events).toHaveLength(2);
			expect(problem).toEqual({ code, detail: expect.stringMatching(/^Event 3 of the body: /) });
			expect(problem?.detail).toContain(text);
		}
	});
});

describe.each([
	[SSE, "data: 1\n\ndata: "],
	[NDJSON, '{"data":"1"}\n{"data":"'],
] as const)("%s that is not UTF-8", (type, start) => {
	it.each([
		["in the middle", [0xff, 0x0a, 0x0a]],
		["at the end", [0xe2, 0x82]],
	])("is refused after the events before: %s", (_, broken) => {
		const body = Uint8Array.from([...new TextEncoder().encode(start), ...broken]);
		for (const pieceSize of [1, 1000]) {
			expect(parse(type, body, pieceSize)).toEqual({
				events: [{ type: "message", data: '"1"' }],
				problem: { code: "invalid_event", detail: "Event 2 of the body: The body is not UTF-8 text." },
			});
		}
	});
});
