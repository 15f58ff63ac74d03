import { describe, it } from "vitest";
import { Problem } from "../../src/errors.ts";
import { envelope } from "../../src/wire/dialect/envelope.ts";
import { message } from "../../src/wire/dialect/message.ts";
import { named } from "../../src/wire/dialect/named.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import { acceptEvents } from "../../src/wire/intake.ts";
import { readStored, writeStored } from "../../src/wire/stored.ts";
import { storedEvent } from "../support/events.ts";
import { fc, nastyJson, nastyText } from "../support/property.ts";
import { parseFrames } from "../support/sse.ts";

/** What a publisher sent, as the service stores it; `undefined` when it was refused, with a problem and nothing else. */
function accepted(input: unknown): StoredEvent[] | undefined {
	try {
		return acceptEvents(input, 65_536).map((event, index) => storedEvent({ ...event, offset: 1000 + index, at: 1 }));
	} catch (error) {
		if (error instanceof Problem && error.status < 500) return undefined;
		throw error;
	}
}

function eventFrame(event: StoredEvent): string {
	return named.event(event, "orders", String(event.offset));
}

const lines = (text: string) => text.toWellFormed().replaceAll(/\r\n|\r/g, "\n");
const anyType = fc.oneof(nastyText, fc.constantFrom("message", "gap", "connected", "closing", "expiring", "order"));

describe("frames", () => {
	it("carry any text and any type there and back, and are one frame each", () => {
		fc.assert(
			fc.property(nastyText, anyType, (data, type) => {
				const [event] = accepted({ data, type }) ?? [];
				if (!event) return true;
				const {
					events: frames,
					retries,
					errors,
				} = parseFrames(
					new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
						new TextEncoder().encode(eventFrame(event)),
					),
				);
				const [frame] = frames;
				return (
					frames.length === 1 &&
					frame?.id === "1000" &&
					frame.data === lines(data) &&
					(frame.event ?? "message") === type.toWellFormed() &&
					retries.length + errors.length === 0
				);
			}),
			{ numRuns: 3000 },
		);
	});

	it("carry any JSON there and back in an envelope", () => {
		fc.assert(
			fc.property(nastyJson, nastyText, (data, type) => {
				const [event] = accepted({ data, type }) ?? [];
				if (!event) return true;
				const { events: frames, errors } = parseFrames(envelope.event(event, "orders", "1000"));
				const read = JSON.parse(frames[0]?.data ?? "null");
				const isSame = JSON.stringify(read.data) === JSON.stringify(JSON.parse(event.data));
				return frames.length === 1 && errors.length === 0 && isSame && read.type === type.toWellFormed();
			}),
			{ numRuns: 1500 },
		);
	});

	it("cannot be forged: whatever is published is as many frames as events, with the channel's ids, and no control event", () => {
		const publish = fc.record(
			{
				data: fc.oneof(nastyJson, nastyText),
				type: anyType,
				retry: fc.oneof(fc.nat(), nastyJson),
				id: nastyText,
				to: nastyJson,
			},
			{ requiredKeys: [] },
		);
		fc.assert(
			fc.property(fc.oneof(publish, fc.array(publish, { maxLength: 5 }), nastyJson), (input) => {
				const events = accepted(input);
				if (!events) return true;
				const { events: frames, errors } = parseFrames(events.map(eventFrame).join(""));
				return (
					errors.length === 0 &&
					frames.length === events.length &&
					frames.every(({ id }, index) => id === String(1000 + index)) &&
					frames.every(({ event }) => !["connected", "gap", "closing", "expiring"].includes(event ?? ""))
				);
			}),
			{ numRuns: 2000 },
		);
	});

	it("of control events hold what they tell as it is, though it came from a client", () => {
		fc.assert(
			fc.property(nastyText, (after) => {
				const { events: frames, errors } = parseFrames(
					named.control("gap", { channel: "orders", after, oldest: null, reason: "foreign_cursor" }, "7"),
				);
				return frames.length === 1 && errors.length === 0 && JSON.parse(frames[0]?.data ?? "null").after === after;
			}),
			{ numRuns: 1000 },
		);
	});

	it("of a stream of several channels have its cursors, and are otherwise those of a stream of one", () => {
		fc.assert(
			fc.property(fc.array(fc.tuple(nastyText, anyType), { minLength: 1, maxLength: 5 }), (inputs) => {
				const events = accepted(inputs.map(([data, type]) => ({ data, type })));
				if (!events) return true;
				const before = parseFrames(events.map(eventFrame).join("")).events;
				const stored = readStored(events.map(writeStored).join(""));
				const after = parseFrames(
					stored.map((event) => named.event(event, "orders", `cursor ${event.offset}`)).join(""),
				).events;
				return (
					JSON.stringify(after) === JSON.stringify(before.map((frame) => ({ ...frame, id: `cursor ${frame.id}` })))
				);
			}),
			{ numRuns: 1500 },
		);
	});
});

describe("messages for WebSocket clients", () => {
	it("carry any JSON and any type there and back, and are one message each, with the stream's cursors", () => {
		fc.assert(
			fc.property(fc.array(fc.tuple(nastyJson, anyType), { minLength: 1, maxLength: 5 }), (inputs) => {
				const events = accepted(inputs.map(([data, type]) => ({ data, type })));
				if (!events) return true;
				const stored = readStored(events.map(writeStored).join(""));
				const messages = stored.map((event) => JSON.parse(message.event(event, "chat:1", `cursor ${event.offset}`)));
				const expected = events.map(({ offset, type, data, at }) => {
					return { type: "event", channel: "chat:1", id: `cursor ${offset}`, event: type, at, data: JSON.parse(data) };
				});
				return JSON.stringify(messages) === JSON.stringify(expected);
			}),
			{ numRuns: 1500 },
		);
	});
});
