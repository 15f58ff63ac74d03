import { afterEach, describe, expect, it, vi } from "vitest";
import { Headcount } from "../../../src/audience/headcount.ts";
import { Presence } from "../../../src/audience/presence.ts";
import type { RelaySubscriber } from "../../../src/audience/roster.ts";
import { Limits } from "../../../src/channel/limits.ts";
import { KnownRelay } from "../../../src/channel/origin/known-relay.ts";
import { OriginGate } from "../../../src/channel/origin/origin-gate.ts";
import { Revocations } from "../../../src/channel/revocations.ts";
import { Starts } from "../../../src/log/starts.ts";
import type { Destination } from "../../../src/wire/place.ts";
import type { Subscription } from "../../../src/wire/subscription.ts";
import { NOW, publish, START, withLog } from "../../support/log.ts";
import { subscriptionOf } from "../../support/subscription.ts";

afterEach(() => void vi.restoreAllMocks());

/** Runs a test on the gate of a channel of five events, which allows three streams, and two of each user. */
function withGate(test: (parts: ReturnType<typeof partsOf>) => void | Promise<void>): Promise<void> {
	return withLog({}, async (log, { sql }) => {
		publish(log, 5);
		await test(partsOf(log, sql));
	});
}

function partsOf(log: Parameters<Parameters<typeof withLog>[1]>[0], sql: SqlStorage) {
	const presence = new Presence();
	const headcount = new Headcount(presence);
	const revocations = new Revocations(sql);
	const probed: string[] = [];
	const where: { place: Destination } = { place: { share: 1 } };
	const relay = new KnownRelay("1", headcount, false);
	const gate = new OriginGate({
		channel: "orders",
		allowsAnonymous: false,
		log,
		starts: new Starts("orders", log),
		limits: new Limits({
			channel: "orders",
			limits: { maxSubscribers: 3, maxConnectionsPerUser: 2 },
			headcount,
			probe: ({ user }) => void probed.push(user),
		}),
		headcount,
		revocations,
		returned: (stream) => void relay.return(stream),
		placeFor: () => where.place,
	});
	relay.isReborn("life");
	relay.tie = {} as RelaySubscriber;
	const admit = (rest: Partial<Subscription> = {}, isLastTry = true) =>
		gate.admitTo(relay, { subscription: subscriptionOf({ issuedAt: NOW, ...rest }), isLastTry }, NOW);
	return { log, presence, headcount, revocations, probed, where, gate, relay, admit };
}

describe("a stream that a relay asks for", () => {
	it("is counted, and starts where it would at the origin", async () => {
		await withGate(({ admit, headcount, relay, presence }) => {
			const cursor = { cursor: `${START + 2}`, position: START + 2 };
			expect(admit(cursor)).toEqual({
				type: "admitted",
				start: { position: START + 2, cursor: START + 2, resumed: true },
				head: START + 5,
				isNamed: true,
			});
			expect(admit({ user: "bob", rewind: 1 })).toMatchObject({ start: { position: START + 4 } });
			expect([headcount.streams, relay.streams, presence.take(9).length]).toEqual([2, 2, 2]);
		});
	});

	it("is refused where the channel or its user has as many as they may, wherever they are", async () => {
		await withGate(({ admit, headcount, relay }) => {
			headcount.add({ user: "alice" });
			expect(admit()).toMatchObject({ type: "admitted" });
			expect(admit()).toMatchObject({ type: "refused", code: "too_many_connections" });
			expect(admit({ user: "bob" })).toMatchObject({ type: "admitted" });
			expect(admit({ user: "carol" })).toMatchObject({ type: "refused", code: "channel_full" });
			expect([headcount.streams, relay.streams]).toEqual([3, 2]);
		});
	});

	it("is put off while dead streams of its user are looked for", async () => {
		await withGate(({ admit, headcount, probed }) => {
			for (let stream = 0; stream < 2; stream += 1) headcount.add({ user: "alice" });
			expect(admit({}, false)).toEqual({ type: "crowded" });
			expect(probed).toEqual(["alice"]);
			expect(headcount.streams).toBe(2);
		});
	});

	it("is refused where its user was revoked, or events are gone that it cannot be told of", async () => {
		await withGate(({ admit, revocations, headcount }) => {
			revocations.add("alice", Date.now());
			expect(admit()).toMatchObject({ type: "refused", code: "invalid_token" });
			expect(admit({ user: "bob", cursor: "1", position: 1, gaps: "refused" })).toMatchObject({ code: "gap" });
			expect(headcount.streams).toBe(0);
		});
	});

	it("is counted without its user beyond 200,000 streams", async () => {
		await withGate(({ admit, headcount, relay, presence }) => {
			vi.spyOn(headcount, "streams", "get").mockReturnValue(200_000);
			expect(admit({ rejoins: true })).toMatchObject({ type: "admitted", isNamed: false });
			expect([relay.streams, relay.holds({ user: "alice" }), presence.online]).toEqual([1, false, 1]);
		});
	});

	it("takes the place of one that was lost with an earlier object of the relay", async () => {
		await withGate(({ admit, relay, headcount, presence }) => {
			admit();
			admit();
			presence.take(9);
			relay.isReborn("next life");
			expect(admit()).toMatchObject({ type: "admitted" });
			expect([headcount.streams, relay.streams]).toEqual([2, 1]);
			expect(presence.take(9)).toEqual([]);
		});
	});

	it("is none where nothing is left to tell, unless its user was revoked", async () => {
		await withGate(({ admit, log, revocations, headcount }) => {
			log.end("ended");
			log.reveal();
			const atEnd = { cursor: `${START + 5}`, position: START + 5, unlessAtEnd: true };
			expect(admit(atEnd)).toEqual({ type: "ended", reason: "ended" });
			revocations.add("alice", Date.now());
			expect(admit(atEnd)).toMatchObject({ type: "refused", code: "invalid_token" });
			expect(headcount.streams).toBe(0);
		});
	});

	it("comes back without limits and without news, but not without credentials where they are asked for", async () => {
		await withGate(({ admit, headcount, presence }) => {
			for (let stream = 0; stream < 3; stream += 1) headcount.restore({ user: "alice" });
			expect(admit({ rejoins: true })).toMatchObject({ type: "admitted" });
			expect([headcount.streams, presence.take(9)]).toEqual([4, []]);
			expect(admit({ rejoins: true, anonymousFrom: "a" })).toMatchObject({ type: "refused", code: "missing_token" });
		});
	});
});

describe("a stream at the origin", () => {
	it("without credentials may stay only where the channel allows it", async () => {
		await withGate(async ({ gate }) => {
			expect(gate.mayStay(subscriptionOf())).toBe(true);
			expect(gate.mayStay(subscriptionOf({ anonymousFrom: "a" }))).toBe(false);
		});
	});

	it("is opened elsewhere where the origin is full", async () => {
		await withGate(async ({ gate, where }) => {
			expect(await gate.elsewhere(subscriptionOf(), { near: undefined, wanted: 1 })).toBeUndefined();
			where.place = { relay: "weur/1", share: 3 };
			expect(await gate.elsewhere(subscriptionOf(), { near: "weur", wanted: 3 })).toEqual({
				relay: "weur/1",
				share: 3,
			});
		});
	});

	it("is admitted when it begins, by what is true then", async () => {
		await withGate(async ({ gate, headcount }) => {
			const admitted = await gate.admit(subscriptionOf());
			if (typeof admitted === "string") throw new Error(admitted);
			expect(admitted.begin(NOW)).toMatchObject({ position: START + 5 });
			for (const user of ["a", "b", "c"]) headcount.add({ user });
			expect(() => admitted.begin(NOW)).toThrow("channel_full");
		});
	});
});
