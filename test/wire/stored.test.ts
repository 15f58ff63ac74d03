import { describe, expect, it } from "vitest";
import { named } from "../../src/wire/dialect/named.ts";
import { framedBytes, readStored, writeStored, writeWhole } from "../../src/wire/stored.ts";
import { storedEvent } from "../support/events.ts";

const TEXTS = ["", "hello", "a\nb\r\nc", "\n".repeat(500), "\\n", "\u2028", "😀\0"];

describe("events on their way to a session", () => {
	it("are read as they were written, without their recipients", () => {
		const events = TEXTS.map((text, index) => storedEvent({ offset: index, data: JSON.stringify(text), retry: index }));
		const addressed = events.map((event) => ({ ...event, to: { user: "bob" } }));
		expect(readStored(addressed.map(writeStored).join(""))).toEqual(events);
	});

	it("keep the digits of numbers that JavaScript would round", () => {
		const event = storedEvent({ data: '{"n":12345678901234567890,"x":1e400}' });
		expect(readStored(writeStored(event))).toEqual([event]);
	});

	it.each(TEXTS)("take no more bytes as frames than is said: %j", (text) => {
		const event = storedEvent({ data: JSON.stringify(text) });
		const stored = writeStored(event);
		const bytes = (each: string) => new TextEncoder().encode(each).byteLength;
		expect(bytes(named.event(event, "orders", "7"))).toBeLessThanOrEqual(framedBytes(stored, bytes(stored)));
	});
});

describe("events on their way to a relay", () => {
	it("are read as they were written, with their recipients", () => {
		const to = { user: "bob", claims: { role: "admin" } };
		const events = TEXTS.map((text, offset) => storedEvent({ offset, data: JSON.stringify(text), to, retry: 5 }));
		expect(readStored(events.map(writeWhole).join(""))).toEqual(events);
	});
});
