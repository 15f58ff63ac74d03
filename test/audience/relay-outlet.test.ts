import { describe, expect, it } from "vitest";
import { chunksOf } from "../../src/audience/chunks.ts";
import { RelayOutlet } from "../../src/audience/relay-outlet.ts";
import { type ChannelMessage, decodeEvents } from "../../src/wire/link.ts";
import type { Extent, Revocation } from "../../src/wire/relay.ts";
import { readStored } from "../../src/wire/stored.ts";
import { storedEvent } from "../support/events.ts";
import { subscriptionOf } from "../support/subscription.ts";

const EXTENT: Extent = { born: 1, start: 1, head: 9, oldest: 5, ended: null };

/** The connection to a relay, and what comes over it. */
function relayOf(revocations: Revocation[] = [], state: Extent = EXTENT) {
	const sent: (ChannelMessage | Uint8Array | "closed")[] = [];
	const socket = {
		send: (message: string | Uint8Array) =>
			void sent.push(typeof message === "string" ? (JSON.parse(message) as ChannelMessage) : message),
		close: () => void sent.push("closed"),
	} as unknown as WebSocket;
	const extent = { ...state };
	const outlet = new RelayOutlet({ socket, extent: () => extent, revocations: () => revocations, streams: () => 700 });
	return { outlet, sent, extent };
}

/** What a relay is told of some names, in how many messages. */
function partsOf(sent: unknown[], name: "users" | "revocations"): number[] {
	return sent.flatMap((message) => {
		const names = (message as Record<string, unknown[]>)[name];
		return names ? names.length : [];
	});
}

describe("what a relay is sent", () => {
	it("begins with how the log stands, and all revocations", () => {
		const { outlet, sent } = relayOf([["bob", 7]]);
		outlet.open();
		expect(sent).toEqual([
			{ type: "log", extent: EXTENT },
			{ type: "revoked", revocations: [["bob", 7]] },
		]);
	});

	it("is cut into messages of a size that a WebSocket takes", () => {
		const names = Array.from({ length: 2500 }, (_, index) => `user-${index}`);
		const { outlet, sent } = relayOf(names.map((user) => [user, 1]));
		outlet.open();
		outlet.tell({ type: "online", users: names, isLast: true });
		outlet.tell({ type: "online", users: [], isLast: true });
		expect(partsOf(sent, "revocations")).toEqual([1000, 1000, 500]);
		expect(partsOf(sent, "users")).toEqual([1000, 1000, 500, 0]);
		const lasts = sent.map((message) => (message as { isLast?: boolean }).isLast);
		expect(lasts.slice(-4)).toEqual([false, false, true, true]);
	});

	it("is each event as it is stored, with its recipients", () => {
		const { outlet, sent } = relayOf();
		const events = [storedEvent({ offset: 7 }), storedEvent({ offset: 8, to: { user: "bob" }, type: "secret" })];
		const subscription = subscriptionOf({ dialect: "whole", types: ["message"] });
		const chunk = chunksOf(events, "orders", false)({ position: 6, subscription });
		outlet.deliver(chunk, 8);
		outlet.deliver(undefined, 9);
		const batches = sent.map((message) => decodeEvents((message as Uint8Array).slice().buffer));
		expect(
			batches.map(({ position, last, text }) => [position, last, readStored(new TextDecoder().decode(text))]),
		).toEqual([
			[8, 8, events],
			[9, undefined, []],
		]);
		expect(outlet.unsentBytes).toBe(chunk?.bytes);
	});

	it("counts as unsent until it is acknowledged", () => {
		const { outlet } = relayOf();
		const chunk = chunksOf(
			[storedEvent()],
			"orders",
			false,
		)({
			position: 0,
			subscription: subscriptionOf({ dialect: "whole" }),
		});
		outlet.deliver(chunk, 7);
		outlet.deliver(chunk, 7);
		const bytes = chunk?.bytes ?? 0;
		expect([outlet.unsentBytes, outlet.streams]).toEqual([2 * bytes, 700]);
		outlet.acknowledge(bytes);
		expect(outlet.unsentBytes).toBe(bytes);
		outlet.acknowledge(5 * bytes);
		expect(outlet.unsentBytes).toBe(0);
	});

	it("says how the log stands when it has ended, and what the relay's streams have to know", () => {
		const { outlet, sent, extent } = relayOf();
		extent.ended = "ended";
		outlet.tell({ type: "ended", reason: "ended" });
		outlet.tell({ type: "presence", user: "bob", state: "online" });
		outlet.tell({ type: "presence", count: 3 });
		outlet.tell({ type: "probe", stream: { user: "bob" } });
		outlet.tell({ type: "closing", reason: "slow_consumer" });
		outlet.tell({ type: "heartbeat" });
		expect(sent).toEqual([
			{ type: "log", extent: { ...EXTENT, ended: "ended" } },
			{ type: "presence", user: "bob", state: "online" },
			{ type: "presence", count: 3 },
			{ type: "probe", stream: { user: "bob" } },
		]);
	});

	it("is nothing after the relay is cut off, which happens once", () => {
		const { outlet, sent } = relayOf();
		outlet.close();
		outlet.drop();
		outlet.deliver(undefined, 9);
		outlet.tell({ type: "presence", count: 3 });
		expect(sent).toEqual(["closed"]);
	});
});
