import { describe, expect, it } from "vitest";
import { DrainingStreams } from "../../src/audience/draining-streams.ts";
import type { Outlet } from "../../src/audience/outlet.ts";
import { Subscriber } from "../../src/audience/subscriber.ts";
import { subscriptionOf } from "../support/subscription.ts";

/** A subscriber whose stream has ended, and whether what is left of it was dropped. */
function ended() {
	const seen = { isDropped: false };
	const drop = () => {
		seen.isDropped = true;
	};
	const outlet = { drop } as unknown as Outlet;
	return { seen, subscriber: new Subscriber(subscriptionOf(), 0, 0, outlet) };
}

describe("a stream that was ended while much of it was unread", () => {
	it("is dropped when its time is over, and not before", () => {
		const drains = new DrainingStreams();
		const [first, second] = [ended(), ended()];
		drains.add(first.subscriber, 1000);
		drains.add(second.subscriber, 2000);
		expect(drains.nextDue).toBe(1000);
		drains.dropOverdue(999);
		expect(drains.size).toBe(2);
		drains.dropOverdue(1000);
		expect([first.seen.isDropped, second.seen.isDropped]).toEqual([true, false]);
		expect(drains.nextDue).toBe(2000);
	});

	it("is forgotten when its client has read the rest", () => {
		const drains = new DrainingStreams();
		const { seen, subscriber } = ended();
		drains.add(subscriber, 1000);
		drains.delete(subscriber);
		drains.dropOverdue(1000);
		expect(seen.isDropped).toBe(false);
		expect(drains.nextDue).toBeUndefined();
	});

	it("is dropped early when a hundred others wait", () => {
		const drains = new DrainingStreams();
		const all = Array.from({ length: 102 }, ended);
		for (const { subscriber } of all) drains.add(subscriber, 1000);
		expect(drains.size).toBe(100);
		expect(all.map(({ seen }) => seen.isDropped).slice(0, 4)).toEqual([true, true, false, false]);
	});
});
