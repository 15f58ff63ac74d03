import { describe, expect, it } from "vitest";
import { readNotice } from "../../src/client/notice.ts";

const EVENT = { channel: "orders", id: "7", type: "order", at: 0, data: { id: 1 } };

describe("a frame with data", () => {
	it.each([
		["connected", { connection: "c", user: "alice", channels: ["orders"], resumed: true, expires: 1 }],
		["gap", { channel: "orders", after: "1", oldest: null, reason: "trimmed" }],
		["expiring", { expires: 1 }],
		["presence", { channel: "orders", user: "alice", state: "online" }],
		["presence", { channel: "orders", count: 3 }],
		["ended", { channel: "orders" }],
		["closing", { reason: "revoked", reconnect: false }],
	])("is a control event by its name: %s", (name, data) => {
		expect(readNotice(name, JSON.stringify(data))).toEqual({ name, data });
	});

	it.each(["order", "message", undefined])("is an event of a channel under any other name: %s", (name) => {
		expect(readNotice(name, JSON.stringify(EVENT))).toEqual({ name: "event", data: EVENT });
	});

	it.each([
		["heartbeat", {}],
		["a_control_event_of_a_later_version", { channel: "orders" }],
		["connected", { connection: 1, user: "alice" }],
		["gap", { channel: "orders" }],
		["ended", { reason: "abandoned" }],
		["closing", { reconnect: true }],
		["toString", {}],
		["order", { ...EVENT, id: 7 }],
	])("is ignored if it is unknown or lacks what it must have: %s %j", (name, data) => {
		expect(readNotice(name, JSON.stringify(data))).toBeUndefined();
	});

	it.each(["", "hello", '"hello"', "7", "null", '{"channel":'])(
		"is not from tidings if it is not an object: %j",
		(data) => {
			expect(() => readNotice("order", data)).toThrow("The stream is not from tidings: its data is not a JSON object.");
		},
	);
});
