import { describe, expect, it } from "vitest";
import { Problem } from "../../src/errors.ts";
import {
	checkPublishMessage,
	parsePublishMessage,
	publishMessageText,
	refusedAnswer,
	storedAnswer,
} from "../../src/wire/publish-message.ts";

const MAX = 65_536;

/** What a message publishes. */
function read(text: string) {
	return checkPublishMessage(parsePublishMessage(text), MAX);
}

function refusal(act: () => unknown): { code: string; detail: string } {
	try {
		act();
	} catch (error) {
		if (error instanceof Problem) return { code: error.code, detail: error.detail };
		throw error;
	}
	throw new Error("It was accepted.");
}

describe("a message", () => {
	it("has a number for its answer, events, and conditions", () => {
		const text =
			'{"ref":-7,"events":[{"type":"order","data":{"id":7}},{"data":"x"}],"idempotencyKey":"k","ifHead":"0"}';
		expect(parsePublishMessage(text).ref).toBe(-7);
		expect(read(text)).toEqual({
			events: [
				{ type: "order", data: '{"id":7}' },
				{ type: "message", data: '"x"' },
			],
			conditions: { idempotencyKey: "k", ifHead: "0" },
		});
	});

	it.each(['{"ref":1,"end":true}', '{"ref":1,"events":[],"end":true}'])(
		"needs no events to end a channel: %s",
		(text) => {
			expect(read(text)).toEqual({ events: [], conditions: { end: true } });
		},
	);

	it.each([
		['{"ref":1,"events":[{"data":1e400},{"data":-0}]}', ["1e400", "-0"]],
		['{"events":[{"data":1.0}],"ref":1}', ["1.0"]],
		[' { "events" : [ { "data" : [ 1.50 , {"data":2} ] } ] , "ref" : 1 } ', ['[1.50,{"data":2}]']],
		['{"ref":1,"events":[{"data":1}],"events":[{"data":2.0},{"data":3.0}]}', ["2.0", "3.0"]],
		['{"ref":1,"\\u0065vents":[{"d\\u0061ta":9007199254740993}]}', ["9007199254740993"]],
		['{"events":[{"to":{"claims":{"data":1}},"data":4.0}],"ref":1}', ["4.0"]],
	])("keeps data as it was written: %s", (text, data) => {
		expect(read(text).events.map((event) => event.data)).toEqual(data);
	});

	it("may be nested one level deeper than a body, for what is around the events", () => {
		const nested = (levels: number) => `{"ref":1,"events":[{"data":${"[".repeat(levels)}${"]".repeat(levels)}}]}`;
		expect(read(nested(510)).events).toHaveLength(1);
		expect(refusal(() => parsePublishMessage(nested(511)))).toMatchObject({ code: "invalid_request" });
	});

	it.each([
		["is no JSON", "hello", "not JSON"],
		["is empty", "", "not JSON"],
		["is a list", '[{"ref":1}]', "not a JSON object"],
		["is null", "null", "not a JSON object"],
		["has no `ref`", '{"events":[{"data":1}]}', "no `ref`"],
		["has a text as its `ref`", '{"ref":"1","events":[{"data":1}]}', "no `ref`"],
		["has a fraction as its `ref`", '{"ref":1.5,"events":[{"data":1}]}', "no `ref`"],
		["has a `ref` that JSON rounds", '{"ref":9007199254740993,"events":[{"data":1}]}', "no `ref`"],
	])("that %s cannot be answered", (_, text, problem) => {
		const { code, detail } = refusal(() => parsePublishMessage(text));
		expect(code).toBe("invalid_request");
		expect(detail).toContain(problem);
	});

	it.each([
		["has a field that is not known", '{"ref":1,"events":[{"data":1}],"ends":true}', "invalid_request", "`ends`"],
		["has an `end` that is a text", '{"ref":1,"events":[{"data":1}],"end":"true"}', "invalid_request", "`end`"],
		["has no events and does not end", '{"ref":1,"events":[],"end":false}', "invalid_event", "1 to 100"],
		["has no events", '{"ref":1}', "invalid_request", "`events`"],
		["has one event that is in no list", '{"ref":1,"events":{"data":1}}', "invalid_request", "`events`"],
		["has an empty list", '{"ref":1,"events":[]}', "invalid_event", "1 to 100 events"],
		["has an event that is none", '{"ref":1,"events":[{"data":1},7]}', "invalid_event", "Event 1 of the batch"],
		["has a key that is none", '{"ref":1,"events":[{"data":1}],"idempotencyKey":"a b"}', "invalid_request", "ASCII"],
		["has a key that is null", '{"ref":1,"events":[{"data":1}],"idempotencyKey":null}', "invalid_request", "ASCII"],
		["has a head that is none", '{"ref":1,"events":[{"data":1}],"ifHead":7}', "invalid_request", "`ifHead`"],
	])("that %s is refused", (_, text, code, problem) => {
		const refused = refusal(() => read(text));
		expect(refused.code).toBe(code);
		expect(refused.detail).toContain(problem);
	});

	it("has no more than 100 events", () => {
		const text = JSON.stringify({ ref: 1, events: Array(101).fill({ data: 1 }) });
		expect(refusal(() => read(text)).code).toBe("invalid_event");
	});
});

describe("the text of a message", () => {
	it("is bounded as a body is, by 128 times the size of an event and by 16 MiB", () => {
		expect(publishMessageText("x".repeat(128), 1)).toHaveLength(128);
		expect(refusal(() => publishMessageText("x".repeat(129), 1)).code).toBe("payload_too_large");
		expect(refusal(() => publishMessageText("x".repeat(16_777_217), 1_048_576)).code).toBe("payload_too_large");
	});

	it("is not binary", () => {
		expect(refusal(() => publishMessageText(new ArrayBuffer(1), MAX)).code).toBe("invalid_request");
	});
});

describe("an answer", () => {
	it("tells where the events stand", () => {
		const receipt = { channel: "orders", ids: ["1", "2"], subscribers: 3 };
		expect(storedAnswer(7, receipt)).toBe('{"ref":7,"ids":["1","2"],"subscribers":3}');
	});

	it("tells why nothing was stored", () => {
		const problem = new Problem("head_moved", "Look again.");
		expect(JSON.parse(refusedAnswer(7, problem))).toEqual({
			ref: 7,
			code: "head_moved",
			detail: "Look again.",
			status: 412,
		});
		expect(JSON.parse(refusedAnswer(null, problem))).toMatchObject({ ref: null });
	});
});
