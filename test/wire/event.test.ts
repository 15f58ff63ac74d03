import { describe, expect, it } from "vitest";
import { envelopeJson, type NewEvent, sentData } from "../../src/wire/event.ts";
import { newEvent, storedEvent } from "../support/events.ts";

function dataOf(value: unknown): NewEvent {
	return newEvent({ data: JSON.stringify(value) });
}

describe("sentData", () => {
	it.each(["", "hello", ' "quoted" ', "\\", "line\nline\r\n", "\0", "\u2028", "\ufeff", "{}", "7", "null", "😀"])(
		"sends the string %j as it is",
		(text) => {
			expect(sentData(dataOf(text))).toBe(text);
		},
	);

	it.each([
		[{ id: 7, tags: ["a"] }, '{"id":7,"tags":["a"]}'],
		[["a", 1], '["a",1]'],
		[7.5, "7.5"],
		[true, "true"],
		[null, "null"],
		[{}, "{}"],
	])("sends %j as compact JSON", (value, text) => {
		expect(sentData(dataOf(value))).toBe(text);
	});
});

describe("envelopeJson", () => {
	const stored = (overrides: Parameters<typeof storedEvent>[0]) =>
		storedEvent({ offset: 1_795_223_089_000_001, type: "order", ...overrides });

	it.each(["text", "", 'a "quote"', 7, null, false, { id: 1, nested: [{}] }, []])("holds the data %j", (value) => {
		const json = envelopeJson(stored({ data: JSON.stringify(value) }), "orders");
		expect(JSON.parse(json)).toEqual({
			channel: "orders",
			id: "1795223089000001",
			type: "order",
			at: 1_795_223_089_123,
			data: value,
		});
	});

	it("has its fields in the order of the protocol, and no space between them", () => {
		expect(envelopeJson(storedEvent({ offset: 1, at: 2, type: "t", data: "3" }), "c")).toBe(
			'{"channel":"c","id":"1","type":"t","at":2,"data":3}',
		);
	});

	it("does not tell whom the event is for, nor its retry", () => {
		const json = envelopeJson(stored({ data: "1", retry: 5, to: { user: "bob", claims: { role: "x" } } }), "orders");
		expect(Object.keys(JSON.parse(json))).toEqual(["channel", "id", "type", "at", "data"]);
	});

	it.each(['"', "\\", '","data":1}', "}", "\u2028", "😀"])("stays one JSON object for the type %j", (type) => {
		expect(JSON.parse(envelopeJson(stored({ type, data: "1" }), "orders"))).toMatchObject({ type, data: 1 });
	});

	it("keeps the text of the data, numbers beyond doubles and all", () => {
		expect(envelopeJson(stored({ data: '{"n":12345678901234567890}' }), "orders")).toContain(
			'"data":{"n":12345678901234567890}}',
		);
	});

	it("is one line whatever the data is", () => {
		const json = envelopeJson(stored({ data: JSON.stringify("a\r\nb\nc") }), "orders");
		expect(json).not.toMatch(/[\r\n]/);
	});
});
