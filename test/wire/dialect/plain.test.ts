import { describe, expect, it } from "vitest";
import { closing } from "../../../src/wire/control.ts";
import { envelope } from "../../../src/wire/dialect/envelope.ts";
import { named } from "../../../src/wire/dialect/named.ts";
import { plain } from "../../../src/wire/dialect/plain.ts";
import { storedEvent } from "../../support/events.ts";
import { parseFrames } from "../../support/sse.ts";

const CONNECTED = { connection: "c", user: "alice", channels: ["orders"], resumed: false, expires: 1 };

describe("a dialect without control events", () => {
	const dialect = plain(named);

	it.each([named, envelope])("has the events of the dialect that it is made of", (of) => {
		const event = storedEvent({ type: "order", retry: 5 });
		expect(plain(of).event(event, "orders", "7")).toBe(of.event(event, "orders", "7"));
	});

	it("tells of no control event, and not of the end", () => {
		expect(dialect.control("expiring", { expires: 1 }, "7")).toBe("");
		expect(dialect.control("presence", { channel: "orders", user: "bob", state: "online" }, "7")).toBe("");
		expect(dialect.closing(closing("revoked"), "7")).toBe("");
	});

	it("tells the reconnection time in a line that dispatches nothing, also where heartbeats follow", () => {
		const text = dialect.control("connected", CONNECTED, "7", 2000) + dialect.heartbeat() + dialect.heartbeat("9");
		expect(text).toBe("retry: 2000\n:\n:\n");
		const { events, ids, retries } = parseFrames(`${text}${dialect.event(storedEvent(), "orders", "7")}`);
		expect({ events: events.length, ids, retries }).toEqual({ events: 1, ids: ["7"], retries: [2000] });
	});
});
