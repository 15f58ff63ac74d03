import { describe, expect, it } from "vitest";
import { closing } from "../../../src/wire/control.ts";
import { envelope } from "../../../src/wire/dialect/envelope.ts";
import { named } from "../../../src/wire/dialect/named.ts";
import type { StoredEvent } from "../../../src/wire/event.ts";
import { storedEvent } from "../../support/events.ts";
import { parseFrames } from "../../support/sse.ts";

function eventOf(data: unknown, rest: Partial<StoredEvent> = {}): StoredEvent {
	return storedEvent({ type: "order", data: JSON.stringify(data), ...rest });
}

function eventFrame(event: StoredEvent): string {
	return named.event(event, "orders", String(event.offset));
}

function envelopeFrame(event: StoredEvent, channel: string): string {
	return envelope.event(event, channel, String(event.offset));
}

const NASTY: [name: string, text: string][] = [
	["nothing", ""],
	["one space", " "],
	["leading spaces", "  two"],
	["a leading tab", "\ttab"],
	["trailing spaces", "two  "],
	["an LF", "\n"],
	["a CR", "\r"],
	["a CRLF", "\r\n"],
	["an LF and then a CR", "\n\r"],
	["two CRs", "\r\r"],
	["lines that end in LF", "a\nb\nc"],
	["lines that end in CR", "a\rb\rc"],
	["lines that end in CRLF", "a\r\nb\r\nc"],
	["lines of all ends", "a\r\r\nb\n\rc\n"],
	["a trailing newline", "a\n"],
	["many trailing newlines", "a\n\n\n"],
	["leading newlines", "\n\na"],
	["empty lines in between, as a frame's end has", "a\n\nb"],
	["lines with leading spaces", " a\n  b"],
	["a line that looks like data", "data: x"],
	["lines that look like fields", "a\ndata: x\nid: 99\nevent: closing\nretry: 0\n: comment"],
	["what looks like a whole other frame", 'x\n\nid: 99\nevent: closing\ndata: {"reconnect":false}\n\n'],
	["the same with CRs", "x\r\revent: closing\rdata: {}\r\r"],
	["a colon", ":"],
	["a U+2028 and a U+2029", "a\u2028b\u2029c"],
	["a NEL, a VT and a FF, which are no line ends here", "a\u0085b\vc\f"],
	["a BOM", "\ufeff"],
	["a BOM on every line", "\ufeffa\n\ufeffb"],
	["a NUL", "a\0b"],
	["only NULs", "\0\0"],
	["quotes and backslashes", '"\\" \\n'],
	["emoji and combining characters", "👩‍👩‍👧 e\u0301 \u202e"],
];

/** The standard has one line end for all in `data`. */
function normalised(text: string): string {
	return text.replaceAll(/\r\n?/g, "\n");
}

describe("an event", () => {
	it.each(NASTY)("carries %s to the client, and nothing else", (_, text) => {
		const expected = [{ id: "7", event: "order", data: normalised(text) }];
		const frame = eventFrame(eventOf(text));
		expect(parseFrames(frame)).toEqual({ events: expected, ids: ["7"], errors: [], retries: [], comments: [] });
		expect(parseFrames(frame, 1).events).toEqual(expected);
	});

	it.each(NASTY)("carries %s through the bytes of a stream between its neighbours", (_, text) => {
		const frames = eventFrame(eventOf("before")) + eventFrame(eventOf(text)) + eventFrame(eventOf("after"));
		const received = new TextDecoder().decode(new TextEncoder().encode(frames));
		expect(parseFrames(received).events.map(({ data }) => data)).toEqual(["before", normalised(text), "after"]);
	});

	it.each([{ id: 7 }, [1, "a\nb"], 7, true, null])("carries %j as compact JSON on one line", (value) => {
		const frame = eventFrame(eventOf(value));
		expect(frame).toBe(`event: order\nid: 7\ndata: ${JSON.stringify(value)}\n\n`);
	});

	it("leaves the type `message` out, which is a client's default", () => {
		expect(eventFrame(eventOf("x", { type: "message" }))).toBe("id: 7\ndata: x\n\n");
		expect(parseFrames(eventFrame(eventOf("x", { type: "message" }))).events[0]?.event).toBeUndefined();
	});

	it.each(["Message", "a b", " leading", "trailing ", " ", ":", "a: b", "data", "\ufeff", "\u2028", "订单", "😀"])(
		"carries the type %j",
		(type) => {
			const { events, errors } = parseFrames(eventFrame(eventOf("x", { type })));
			expect(events).toEqual([{ id: "7", event: type, data: "x" }]);
			expect(errors).toEqual([]);
		},
	);

	it.each([0, 1, 2_147_483_647])("carries a retry of %i", (retry) => {
		const parsed = parseFrames(eventFrame(eventOf("x", { retry })));
		expect(parsed.retries).toEqual([retry]);
		expect(parsed.events).toHaveLength(1);
	});

	it("writes the offset as the id", () => {
		expect(parseFrames(eventFrame(eventOf("x", { offset: Number.MAX_SAFE_INTEGER }))).events[0]?.id).toBe(
			"9007199254740991",
		);
	});

	it("does not tell whom the event is for", () => {
		expect(eventFrame(eventOf("x", { to: { user: "bob", claims: { role: "admin" } } }))).toBe(eventFrame(eventOf("x")));
	});
});

describe("an event in an envelope", () => {
	it.each(NASTY)("carries %s in one line of JSON, every character of it", (_, text) => {
		const frame = envelopeFrame(eventOf(text), "orders");
		const { events, errors } = parseFrames(frame);
		expect(errors).toEqual([]);
		expect(events).toHaveLength(1);
		expect(events[0]).toMatchObject({ id: "7", event: "order" });
		expect(frame.match(/^data: /gm)).toHaveLength(1);
		expect(JSON.parse(events[0]?.data ?? "")).toEqual({
			channel: "orders",
			id: "7",
			type: "order",
			at: 1_795_223_089_123,
			data: text,
		});
	});

	it("has the fields of the event itself", () => {
		expect(envelopeFrame(eventOf(1, { type: "message", retry: 5 }), "orders")).toBe(
			'retry: 5\nid: 7\ndata: {"channel":"orders","id":"7","type":"message","at":1795223089123,"data":1}\n\n',
		);
	});
});

describe("a control event", () => {
	it("writes `connected` as the protocol shows it", () => {
		const data = { connection: "c", user: "alice", channels: ["orders"], resumed: true, expires: 1_795_223_089 };
		expect(named.control("connected", data, "7", 2000)).toBe(
			'retry: 2000\nevent: connected\nid: 7\ndata: {"connection":"c","user":"alice","channels":["orders"],"resumed":true,"expires":1795223089}\n\n',
		);
	});

	it("tells the cursor, and no reconnection time unless it is given one", () => {
		const { events, retries } = parseFrames(named.control("expiring", { expires: 1 }, "7"));
		expect(events).toEqual([{ id: "7", event: "expiring", data: '{"expires":1}' }]);
		expect(retries).toEqual([]);
	});

	it("writes a retry of 0", () => {
		expect(parseFrames(named.control("expiring", { expires: 1 }, "7", 0)).retries).toEqual([0]);
	});

	it.each(["a\nb", "a\r\nevent: order\r\n\r\n", '"', "\u2028", "😀\0"])("keeps the user %j inside its data", (user) => {
		const data = { connection: "c", user, channels: ["orders"], resumed: false, expires: 1 };
		const { events, errors } = parseFrames(named.control("connected", data, "7"));
		expect(errors).toEqual([]);
		expect(events).toHaveLength(1);
		expect(JSON.parse(events[0]?.data ?? "")).toEqual(data);
	});

	it.each(["yesterday\n\nevent: closing", "a\rid: 9", "\0"])(
		"keeps a foreign cursor such as %j inside its data",
		(after) => {
			const frame = named.control("gap", { channel: "orders", after, oldest: null, reason: "foreign_cursor" }, "7");
			const { events } = parseFrames(frame);
			expect(events).toHaveLength(1);
			expect(events[0]?.id).toBe("7");
			expect(JSON.parse(events[0]?.data ?? "")).toMatchObject({ after });
		},
	);
});

describe("the last frame of a stream", () => {
	it("tells clients that should not come back to wait for an hour", () => {
		const { events, retries } = parseFrames(named.closing(closing("revoked"), "7"));
		expect(events).toEqual([{ id: "7", event: "closing", data: '{"reason":"revoked","reconnect":false}' }]);
		expect(retries).toEqual([3_600_000]);
	});

	it("leaves the reconnection time of the others as it is", () => {
		expect(parseFrames(named.closing(closing("shutdown"), "7")).retries).toEqual([]);
	});
});

describe("a heartbeat", () => {
	it("is a comment of one line, and no empty line that some clients take for a message", () => {
		expect(named.heartbeat()).toBe(":\n");
		expect(parseFrames(named.heartbeat())).toEqual({ events: [], ids: [], errors: [], retries: [], comments: [""] });
	});

	it("moves the cursor with an event of its own, which has data so that every client takes its id", () => {
		expect(named.heartbeat("7")).toBe("event: heartbeat\nid: 7\ndata: {}\n\n");
	});

	it("does not leak into the event after it", () => {
		const { events } = parseFrames(named.heartbeat() + named.control("expiring", { expires: 1 }, "7"));
		expect(events).toEqual([{ id: "7", event: "expiring", data: '{"expires":1}' }]);
	});
});
