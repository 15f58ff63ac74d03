import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Audience } from "../../src/audience/audience.ts";
import { Counts } from "../../src/audience/counts.ts";
import { Headcount } from "../../src/audience/headcount.ts";
import { Hooks } from "../../src/audience/hooks.ts";
import type { Outlet } from "../../src/audience/outlet.ts";
import { Presence } from "../../src/audience/presence.ts";
import type { Replay } from "../../src/audience/replay.ts";
import { Subscriber } from "../../src/audience/subscriber.ts";
import { Logger } from "../../src/logger.ts";
import type { EndReason } from "../../src/wire/control.ts";
import type { Subscription } from "../../src/wire/subscription.ts";
import { storedEvent } from "../support/events.ts";
import { subscriptionOf } from "../support/subscription.ts";

let ahead = 0;

/** The rounds that other tests have held for good share tiles for a second: each test is two seconds later. */
beforeEach(() => {
	const now = Date.now;
	ahead += 2000;
	vi.spyOn(Date, "now").mockImplementation(() => now() + ahead);
});

afterEach(() => void vi.restoreAllMocks());

const [SEVEN, EIGHT, NINE] = [
	storedEvent({ offset: 7 }),
	storedEvent({ offset: 8 }),
	storedEvent({ offset: 9 }),
] as const;

/** Holds every turn that the audience gives to the runtime. The returned function ends those that are held. */
function holdTurns(): () => Promise<void> {
	const turns: (() => void)[] = [];
	vi.spyOn(scheduler, "wait").mockImplementation(() => new Promise((resolve) => turns.push(resolve)));
	return async () => {
		for (const resolve of turns.splice(0)) resolve();
		await settled();
	};
}

/** Resolves when whatever needs no turn of the runtime has happened. */
async function settled(): Promise<void> {
	for (let count = 0; count < 50; count += 1) await Promise.resolve();
}

/** A stream that has read everything up to event 6, and what it is told: offsets of events, and types of messages. */
function streamOf(connection: string, overrides: Partial<Subscription> = {}) {
	const told: (number | string)[] = [];
	const state = { unsentBytes: 0, fails: false };
	const outlet: Partial<Outlet> = {
		isMetered: true,
		isResponse: true,
		get unsentBytes() {
			return state.unsentBytes;
		},
		mustDrain: false,
		deliver(_, position) {
			if (state.fails) throw new Error("A write has failed.");
			told.push(position);
		},
		tell: (message) => void told.push("user" in message ? `${message.user} ${message.state}` : message.type),
		close: () => void told.push("closed"),
		persist: () => undefined,
		heartbeatDue: () => 0,
		lostAt: () => Number.POSITIVE_INFINITY,
	};
	const subscriber = new Subscriber(subscriptionOf({ connection, ...overrides }), 6, 0, outlet as Outlet);
	return { subscriber, told, state };
}

/** A log that ends at event 7, once it has `ended`. */
function endingLog() {
	const log: { ended?: EndReason } = {};
	const replay: Partial<Replay> = {
		get ended() {
			return log.ended;
		},
		hasAll: ({ isBehind, position }) => !isBehind && position >= 7,
		catchUp: (subscriber) => subscriber.replay(undefined, 7, true, 0),
	};
	return { log, replay };
}

/** A channel's audience: streams that are called 0, 1, 2 and so on. */
function audienceOf(count: number, hasLost: Replay["hasLost"] = () => false, log: Partial<Replay> = {}) {
	const caughtUp: string[] = [];
	const counts = new Counts("orders", undefined);
	const logger = new Logger({});
	const emptied = vi.fn();
	const disconnected: string[] = [];
	const audience = new Audience({
		channel: "orders",
		heartbeatMilliseconds: 25_000,
		maxBacklogBytes: 1_048_576,
		presence: "on",
		logger,
		hooks: new Hooks(
			{ onDisconnect: ({ connection }, reason) => void disconnected.push(`${connection} ${reason}`) },
			logger,
		),
		counts,
		headcount: new Headcount(new Presence()),
		replay: Object.defineProperties(
			{ catchUp: ({ connection }: Subscriber) => void caughtUp.push(connection), hasLost, expire: () => undefined },
			Object.getOwnPropertyDescriptors(log),
		) as Partial<Replay> as Replay,
		emptied,
		lagging: () => undefined,
	});
	const streams = Array.from({ length: count }, (_, index) => streamOf(`${index}`));
	for (const { subscriber } of streams) audience.join(subscriber, 0);
	const toldOf = (index: number) => streams[index]?.told;
	const written = () => streams.reduce((sum, { told }) => sum + told.length, 0);
	return { audience, streams, toldOf, written, counts, caughtUp, emptied, disconnected };
}

/** The index of the last of 100 streams, and of one in the second tile of a first round. */
const [LAST, LATER] = [99, 80];

/** A first round to 100 streams that is held after its first tile. */
async function heldRound() {
	const endTurn = holdTurns();
	const parts = audienceOf(100);
	parts.audience.deliver([SEVEN]);
	await settled();
	expect(parts.written()).toBe(64);
	return { ...parts, endTurn };
}

describe("a round", () => {
	it("writes to 64 streams at a time, and the runtime has a turn after each", async () => {
		const endTurn = holdTurns();
		const { audience, streams, written } = audienceOf(150);
		audience.deliver([SEVEN]);
		const writtenAfter: number[] = [];
		for (let turn = 0; turn < 4; turn += 1) {
			await endTurn();
			writtenAfter.push(written());
		}
		expect(writtenAfter).toEqual([64, 128, 150, 150]);
		for (const { told } of streams) expect(told).toEqual([7]);
	});

	it("is followed by one with all that was published meanwhile", async () => {
		const { audience, streams, endTurn, written } = await heldRound();
		audience.deliver([EIGHT]);
		audience.deliver([NINE]);
		await settled();
		expect(written()).toBe(64);
		await vi.waitFor(async () => {
			await endTurn();
			for (const { told } of streams) expect(told).toEqual([7, 9]);
		});
	});

	it("begins with those who were last in the one before", async () => {
		const { audience, toldOf, endTurn } = await heldRound();
		audience.deliver([EIGHT]);
		for (let turn = 0; turn < 2; turn += 1) await endTurn();
		await vi.waitFor(() => expect(toldOf(LAST)).toEqual([7, 8]));
		expect(toldOf(0)).toEqual([7]);
	});

	it("tells nothing twice to a stream that opens meanwhile, which has read the log to its end", async () => {
		const { audience, endTurn } = await heldRound();
		const late = streamOf("late");
		late.subscriber.deliver(undefined, 7, 0);
		audience.join(late.subscriber, 0);
		await endTurn();
		await endTurn();
		expect(late.told).toEqual([7]);
	});

	it("passes over a stream whose client leaves meanwhile", async () => {
		const { audience, streams, toldOf, counts, endTurn } = await heldRound();
		const { subscriber } = streams[LATER] ?? streamOf("");
		audience.leave(subscriber);
		await endTurn();
		expect(toldOf(LATER)).toEqual([]);
		expect(toldOf(LAST)).toEqual([7]);
		expect(counts.tally.delivered).toBe(99);
	});

	it("tells nothing more to a stream that is ended meanwhile, not even what was on its way", async () => {
		const { audience, toldOf, endTurn } = await heldRound();
		const ending = audience.endWhere(({ connection }) => connection === `${LATER}`, "revoked");
		expect(toldOf(LATER)).toEqual(["closing", "closed"]);
		await endTurn();
		expect(await ending).toBe(1);
		expect(toldOf(LATER)).toEqual(["closing", "closed"]);
		expect(toldOf(LAST)).toEqual([7]);
	});

	it("goes to nobody any more when all streams are ended, and those that open then begin anew", async () => {
		const { audience, streams, endTurn, emptied } = await heldRound();
		const ending = audience.endWhere(() => true, "shutdown");
		const next = streamOf("next");
		next.subscriber.deliver(undefined, 20, 0);
		audience.join(next.subscriber, 0);
		for (let turn = 0; turn < 3; turn += 1) await endTurn();
		expect(await ending).toBe(100);
		expect(next.told).toEqual([20]);
		for (const [index, { told }] of streams.entries())
			expect(told).toEqual(index < 64 ? [7, "closing", "closed"] : ["closing", "closed"]);
		expect(emptied).not.toHaveBeenCalled();
	});

	it("leaves a stream that falls behind meanwhile to the log", async () => {
		const { streams, toldOf, caughtUp, endTurn } = await heldRound();
		const { state, subscriber } = streams[LATER] ?? streamOf("");
		state.unsentBytes = 1000;
		await endTurn();
		expect(toldOf(LATER)).toEqual([]);
		expect(subscriber.isBehind).toBe(true);
		state.unsentBytes = 0;
		await endTurn();
		expect(toldOf(LAST)).toEqual([7]);
		expect(caughtUp).toEqual([]);
	});

	it("tells nothing to a stream that is behind, and nothing twice to one that has caught up meanwhile", async () => {
		const { streams, toldOf, endTurn } = await heldRound();
		const behind = streams[LATER]?.subscriber as Subscriber;
		const caughtUp = streams[LATER + 1]?.subscriber as Subscriber;
		for (const subscriber of [behind, caughtUp]) subscriber.fallBehind(0);
		caughtUp.replay(undefined, 7, true, 0);
		expect(toldOf(LATER + 1)).toEqual([7]);
		await endTurn();
		expect(toldOf(LATER)).toEqual([]);
		expect(toldOf(LATER + 1)).toEqual([7]);
		expect(toldOf(LAST)).toEqual([7]);
	});

	it("that fails leaves those that it has missed to the log, and the next one goes on", async () => {
		const { audience, streams, toldOf, caughtUp } = audienceOf(5);
		const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
		const { state } = streams[2] ?? streamOf("");
		state.fails = true;
		audience.deliver([SEVEN]);
		await settled();
		state.fails = false;
		audience.deliver([EIGHT]);
		await vi.waitFor(() => expect([0, 1, 2, 3, 4].map(toldOf)).toEqual([[7, 8], [7, 8], [], [], []]));
		expect(caughtUp.sort()).toEqual(["2", "3", "4"]);
		expect(`${log.mock.calls}`).toContain("A write has failed.");
	});
});

describe("heartbeats", () => {
	it("are written to 64 streams at a time, and not to those who left meanwhile", async () => {
		const endTurn = holdTurns();
		const { audience, streams, written, toldOf } = audienceOf(100);
		const tended = audience.tend(Date.now());
		expect(written()).toBe(64);
		audience.leave(streams[LATER]?.subscriber as Subscriber);
		await endTurn();
		await tended;
		expect(written()).toBe(99);
		expect(toldOf(LATER)).toEqual([]);
	});
});

describe("the end of many streams", () => {
	it("is written to 64 at a time, and nothing else comes after it", async () => {
		const endTurn = holdTurns();
		const { audience, streams, emptied } = audienceOf(100);
		const ending = audience.endWhere(() => true, "shutdown");
		audience.deliver([SEVEN]);
		const left = streams[LATER]?.subscriber as Subscriber;
		audience.leave(left);
		expect(audience.size).toBe(0);
		await endTurn();
		expect(await ending).toBe(100);
		for (const { told } of streams) expect(told).toEqual(["closing", "closed"]);
		expect(emptied).toHaveBeenCalled();
	});
});

describe("the end of a channel", () => {
	it("is told to each stream after the last event, however many rounds and turns that takes", async () => {
		const endTurn = holdTurns();
		const { log, replay } = endingLog();
		const { audience, streams, written } = audienceOf(100, undefined, replay);
		log.ended = "ended";
		audience.deliver([SEVEN]);
		await settled();
		expect(written()).toBe(64);
		await vi.waitFor(async () => {
			await endTurn();
			expect(audience.size).toBe(0);
			for (const { told } of streams) expect(told).toEqual([7, "closing", "closed"]);
		});
	});

	it("is told also without an event, and hooks are told the reason", async () => {
		const { log, replay } = endingLog();
		const { audience, streams, disconnected, emptied } = audienceOf(2, undefined, replay);
		for (const { subscriber } of streams) subscriber.deliver(undefined, 7, 0);
		log.ended = "abandoned";
		audience.deliver([]);
		await settled();
		for (const { told } of streams) expect(told).toEqual([7, "closing", "closed"]);
		expect(disconnected).toEqual(["0 abandoned", "1 abandoned"]);
		expect(emptied).toHaveBeenCalledTimes(1);
	});

	it("waits for a stream whose backlog is full", async () => {
		const { log, replay } = endingLog();
		const { audience, streams, toldOf } = audienceOf(2, undefined, replay);
		const { state, subscriber } = streams[0] ?? streamOf("");
		audience.deliver([SEVEN]);
		await settled();
		state.unsentBytes = 1000;
		log.ended = "ended";
		audience.deliver([]);
		await settled();
		expect([toldOf(0), toldOf(1)]).toEqual([[7], [7, "closing", "closed"]]);
		expect(subscriber.isBehind).toBe(true);
		state.unsentBytes = 0;
		await audience.tend(0);
		expect(toldOf(0)?.slice(-2)).toEqual(["closing", "closed"]);
	});

	it("is told to those too that a failed round has left out, once they have caught up", async () => {
		const { log, replay } = endingLog();
		const { audience, streams } = audienceOf(3, undefined, replay);
		vi.spyOn(console, "error").mockImplementation(() => undefined);
		const { state, subscriber } = streams[1] ?? streamOf("");
		state.fails = true;
		log.ended = "ended";
		audience.deliver([SEVEN]);
		await vi.waitFor(() => expect(subscriber.isBehind).toBe(true));
		state.fails = false;
		await audience.tend(0);
		for (const { told } of streams) {
			expect(told.filter((each) => each !== "heartbeat")).toEqual([7, "closing", "closed"]);
		}
	});

	it("is told once to a stream of several channels, which stays until it leaves", async () => {
		const { log, replay } = endingLog();
		const { audience, disconnected } = audienceOf(0, undefined, replay);
		const { subscriber, told } = streamOf("several", { channels: ["orders", "other"] });
		audience.join(subscriber, 0);
		log.ended = "ended";
		audience.deliver([SEVEN]);
		await settled();
		expect(told).toEqual([7, "ended"]);
		await audience.tend(0);
		expect(told.filter((each) => each === "ended")).toHaveLength(1);
		expect(audience.size).toBe(1);
		audience.leave(subscriber);
		expect(disconnected).toEqual(["several ended"]);
	});
});

describe("a stream that is behind", () => {
	it("is ended when it has lost events and cannot be told, and the others catch up", async () => {
		const { audience, toldOf, caughtUp, counts, streams } = audienceOf(2, ({ connection }) => connection === "0");
		for (const { state } of streams) state.unsentBytes = 1000;
		audience.deliver([SEVEN]);
		await settled();
		for (const { state } of streams) state.unsentBytes = 0;
		await audience.tend(Date.now());
		expect(toldOf(0)).toEqual(["closing", "closed"]);
		expect(toldOf(1)).toEqual(["heartbeat"]);
		expect(caughtUp).toEqual(["1"]);
		expect(counts.tally.cut).toBe(1);
	});
});

describe("presence", () => {
	it("is told in order, and once, however many come and go during a round", async () => {
		const endTurn = holdTurns();
		const { audience } = audienceOf(0);
		const observers = Array.from({ length: 70 }, (_, index) =>
			streamOf(`${index}`, { user: "observer", presence: true }),
		);
		for (const { subscriber } of observers) audience.join(subscriber, 0);
		const first = streamOf("first", { user: "bob" });
		audience.join(first.subscriber, 0);
		await settled();
		audience.leave(first.subscriber);
		audience.join(streamOf("carol", { user: "carol" }).subscriber, 0);
		const flaky = streamOf("flaky", { user: "dave" });
		audience.join(flaky.subscriber, 0);
		audience.leave(flaky.subscriber);
		for (let turn = 0; turn < 5; turn += 1) await endTurn();
		for (const { told } of observers) expect(told).toEqual(["bob online", "bob offline", "carol online"]);
	});

	it("of those who came before is told at the start, and nothing of it twice", async () => {
		const { audience } = audienceOf(0);
		audience.join(streamOf("bob", { user: "bob" }).subscriber, 0);
		await settled();
		const observer = streamOf("observer", { user: "observer", presence: true });
		audience.join(observer.subscriber, 0);
		await settled();
		expect(observer.told).toEqual(["bob online"]);
	});
});
