import { describe, expect, it } from "vitest";
import type { Outlet } from "../../src/audience/outlet.ts";
import { Presence } from "../../src/audience/presence.ts";
import { PresenceNames } from "../../src/audience/presence-names.ts";
import type { Roster } from "../../src/audience/roster.ts";
import { Subscriber } from "../../src/audience/subscriber.ts";
import type { ChannelMessage } from "../../src/wire/link.ts";
import type { Subscription } from "../../src/wire/subscription.ts";
import { subscriptionOf } from "../support/subscription.ts";

/** Alice's stream, or a relay, and what it is told. */
function observerOf(rest: Partial<Subscription> = {}) {
	const told: ChannelMessage[] = [];
	const outlet = { tell: (message: ChannelMessage) => void told.push(message) } as unknown as Outlet;
	return { told, subscriber: new Subscriber(subscriptionOf(rest), 0, 0, outlet) };
}

function namesOf(observers: Subscriber[]): PresenceNames {
	const presence = new Presence();
	for (const user of ["alice", "bob"]) presence.restore(user);
	const roster = { presence, observers: new Set(observers) } as unknown as Roster;
	return new PresenceNames({
		roster,
		tell: (subscriber, message) => subscriber.tell(message, 0),
		due: () => undefined,
	});
}

describe("who is online", () => {
	it("is told a new stream one by one, without its own user, and a relay all together", () => {
		const [stream, relay] = [observerOf(), observerOf({ dialect: "whole", user: "" })];
		const names = namesOf([]);
		names.greet(stream.subscriber, 0);
		names.greet(relay.subscriber, 0);
		expect(stream.told).toEqual([{ type: "presence", user: "bob", state: "online" }]);
		expect(relay.told).toEqual([{ type: "online", users: ["alice", "bob"], isLast: true }]);
	});

	it("is told a relay of every user, since any of them may have a stream there", async () => {
		const [stream, relay] = [observerOf(), observerOf({ dialect: "whole", user: "" })];
		const written = await namesOf([stream.subscriber, relay.subscriber]).tell([{ user: "alice", state: "offline" }]);
		expect(written).toBe(1);
		expect([stream.told, relay.told]).toEqual([[], [{ type: "presence", user: "alice", state: "offline" }]]);
	});
});
