import { afterEach, describe, expect, it, vi } from "vitest";
import type { Audience } from "../../../src/audience/audience.ts";
import { FollowedPresence } from "../../../src/audience/followed-presence.ts";
import { Following } from "../../../src/channel/relay/following.ts";
import { Problem } from "../../../src/errors.ts";
import { FollowedLog } from "../../../src/log/followed-log.ts";
import { Logger } from "../../../src/logger.ts";
import type { ChannelMessage } from "../../../src/wire/link.ts";
import type { Extent, Revocation } from "../../../src/wire/relay.ts";
import { writeWhole } from "../../../src/wire/stored.ts";
import { storedEvent } from "../../support/events.ts";
import { FakeChannel } from "../../support/fake-channel.ts";
import { DAY, NOW, range } from "../../support/log.ts";

afterEach(() => void vi.restoreAllMocks());

const EXTENT: Extent = { born: 1, start: 1, head: 10, oldest: 2, ended: null };

/** A relay whose origin is at event 10, and what happens there. */
function follower() {
	const origin = new FakeChannel();
	const happened: string[] = [];
	const revoked: Revocation[] = [];
	const room = { promise: Promise.resolve() };
	const audience = {
		deliver: (events: readonly { offset: number }[]) => void happened.push(...events.map(({ offset }) => `${offset}`)),
		room: () => room.promise,
		resume: async () => void happened.push("resumed"),
		probe: ({ user }: { user: string }) => void happened.push(`probed ${user}`),
		tellPresence: () => void happened.push("presence"),
		endWhere: async (_: unknown, reason: string) => {
			happened.push(`ended: ${reason}`);
			return 0;
		},
	};
	const presence = new FollowedPresence();
	const log = new FollowedLog({
		retention: { events: 100, milliseconds: DAY },
		logger: new Logger({}),
		fetch: async (after) => ({ events: [storedEvent({ offset: after + 1, at: NOW })], oldest: 2 }),
		fetched: () => undefined,
	});
	const following = new Following({
		channel: "orders",
		relay: "weur/2",
		life: "life",
		log,
		presence,
		audience: audience as Partial<Audience> as Audience,
		logger: new Logger({}),
		call: origin.call,
		joined: () => void happened.push("joined"),
		revoked: (revocations) => void revoked.push(...revocations),
	});
	const tell = (message: ChannelMessage) => origin.socket?.send(JSON.stringify(message));
	/** The origin sends events up to one. */
	const send = (...offsets: number[]) => {
		const texts = offsets.map((offset) => writeWhole(storedEvent({ offset, at: NOW })));
		origin.send(offsets.at(-1) ?? 0, texts.join(""));
	};
	/** Follows, and knows how the log stands. */
	const start = async () => {
		const started = following.start();
		await vi.waitFor(() => expect(origin.socket).toBeDefined());
		tell({ type: "log", extent: EXTENT });
		await started;
	};
	return { origin, following, log, presence, happened, revoked, room, tell, send, start };
}

/** How a promise stands. */
function stateOf(promise: Promise<unknown>) {
	const state = { is: "waits" };
	promise.then(
		() => {
			state.is = "done";
		},
		(error: Error) => {
			state.is = error.message;
		},
	);
	return state;
}

describe("a relay that follows its origin", () => {
	it("joins once for all who wait, live and as itself, and waits until it knows how the log stands", async () => {
		const { origin, following, tell, happened, log } = follower();
		const starts = [following.start(), following.start()];
		const first = stateOf(Promise.all(starts));
		expect(following.isOn).toBe(true);
		await vi.waitFor(() => expect(origin.socket).toBeDefined());
		await scheduler.wait(5);
		expect(first.is).toBe("waits");
		tell({ type: "log", extent: EXTENT });
		await Promise.all(starts);
		expect(origin.subscriptions).toMatchObject([{ connection: "weur/2 life", dialect: "whole" }]);
		expect(origin.subscriptions[0]).not.toHaveProperty("cursor");
		expect(happened).toEqual(["joined", "resumed"]);
		expect(log.head).toBe(10);
	});

	it("tells its streams of each event once and in order", async () => {
		const { start, send, happened, log } = follower();
		await start();
		send(11, 12);
		send(12, 13);
		await vi.waitFor(() => expect(log.head).toBe(13));
		expect(happened.slice(2)).toEqual(["11", "12", "13"]);
		expect([...log.read(10, NOW)].map(({ offset }) => offset)).toEqual([11, 12, 13]);
	});

	it("has reached an offset when it has the event, and not before", async () => {
		const { start, send, following } = follower();
		await start();
		await following.reach(10);
		const reached = stateOf(following.reach(12));
		send(11);
		await scheduler.wait(5);
		expect(reached.is).toBe("waits");
		send(12);
		await vi.waitFor(() => expect(reached.is).toBe("done"));
	});

	it("acknowledges events when its own streams have room, so that publishers wait for them", async () => {
		const { origin, start, room } = follower();
		await start();
		const blocked = Promise.withResolvers<void>();
		room.promise = blocked.promise;
		const text = writeWhole(storedEvent({ offset: 11, data: `"${"x".repeat(600_000)}"` }));
		origin.send(11, text);
		await scheduler.wait(5);
		expect(origin.told).toEqual([]);
		blocked.resolve();
		await vi.waitFor(() => expect(origin.told).toEqual([{ type: "ack", bytes: text.length }]));
	});

	it("passes on whose credentials were revoked, and what is to be probed", async () => {
		const { start, tell, revoked, happened } = follower();
		await start();
		tell({ type: "revoked", revocations: [["alice", 7]] });
		tell({ type: "probe", stream: { user: "bob" } });
		await vi.waitFor(() => expect(happened.at(-1)).toBe("probed bob"));
		expect(revoked).toEqual([["alice", 7]]);
	});

	it("knows that the channel has ended once it has the last event", async () => {
		const { start, tell, send, happened, log } = follower();
		await start();
		tell({ type: "log", extent: { ...EXTENT, head: 11, ended: "ended" } });
		await vi.waitFor(() => expect(happened).toEqual(["joined", "resumed", "resumed"]));
		expect(log.ended).toBeUndefined();
		send(11);
		await vi.waitFor(() => expect(happened.slice(3)).toEqual(["11", "resumed"]));
		expect(log.ended).toBe("ended");
	});

	it("joins again at its head where the origin has lost it, and once at a time", async () => {
		const { origin, following, start, send, log } = follower();
		await start();
		send(11);
		await vi.waitFor(() => expect(log.head).toBe(11));
		await Promise.all([following.rejoin(), following.rejoin()]);
		await vi.waitFor(() => expect(origin.subscriptions).toHaveLength(2));
		await scheduler.wait(60);
		expect(origin.subscriptions.slice(1)).toMatchObject([{ cursor: "11", rejoins: true }]);
	});

	it("does not follow over what was opened before it stopped", async () => {
		const { origin, following, tell, log } = follower();
		const first = stateOf(following.start());
		const stopped = following.stop();
		const second = following.start();
		await vi.waitFor(() => expect(origin.subscriptions).toHaveLength(2));
		await vi.waitFor(() => expect(first.is).toContain("channel_unavailable"));
		tell({ type: "log", extent: EXTENT });
		await Promise.all([stopped, second]);
		expect(log.head).toBe(10);
	});

	it("forgets what it had where the origin has a gap, and goes on after it", async () => {
		const { start, tell, send, log } = follower();
		await start();
		await vi.waitFor(() => expect(log.has(5)).toBe(true));
		send(11);
		tell({ type: "gap", gap: { after: "11", oldest: "20", reason: "trimmed" }, position: 19 });
		send(20);
		await vi.waitFor(() => expect(log.head).toBe(20));
		expect([log.has(5), log.has(10)]).toEqual([false, false]);
		expect(log.has(19)).toBe(true);
	});
});

describe("a relay whose origin dies", () => {
	it("joins again where it was, and has its streams counted anew", async () => {
		const { origin, start, send, tell, happened, log } = follower();
		await start();
		send(11);
		await vi.waitFor(() => expect(log.head).toBe(11));
		origin.start = { position: 11, cursor: 11, resumed: true };
		origin.socket?.close(1011);
		await vi.waitFor(() => expect(origin.subscriptions).toHaveLength(2));
		expect(origin.subscriptions[1]).toMatchObject({ cursor: "11", position: 11, rejoins: true });
		await vi.waitFor(() => expect(origin.socket?.readyState).toBe(WebSocket.OPEN));
		tell({ type: "log", extent: { ...EXTENT, head: 12 } });
		send(12);
		await vi.waitFor(() => expect(log.head).toBe(12));
		expect(happened).toEqual(["joined", "resumed", "11", "joined", "resumed", "12"]);
	});

	it("asks for presence again if its streams do", async () => {
		const { origin, following, start, tell, presence } = follower();
		await start();
		const observed = following.observe();
		await vi.waitFor(() => expect(origin.told).toEqual([{ type: "observe" }]));
		tell({ type: "online", users: ["alice"], isLast: true });
		await observed;
		origin.socket?.close(1011);
		await vi.waitFor(() => expect(origin.subscriptions).toHaveLength(2));
		await vi.waitFor(() => expect(origin.socket?.readyState).toBe(WebSocket.OPEN));
		tell({ type: "log", extent: EXTENT });
		await vi.waitFor(() => expect(origin.told).toHaveLength(2));
		tell({ type: "online", users: ["bob"], isLast: true });
		await vi.waitFor(() => expect(presence.take(9).at(-1)).toEqual({ user: "bob", state: "online" }));
	});

	it("ends its streams where it may not join again, and tells all who wait", async () => {
		const { origin, following, start, happened } = follower();
		await start();
		const reached = stateOf(following.reach(99));
		origin.refusal = new Problem("invalid_token", "Not any more.");
		origin.socket?.close(1011);
		await vi.waitFor(() => expect(happened.at(-1)).toBe("ended: shutdown"));
		expect(reached.is).toContain("channel_unavailable");
		expect(following.isOn).toBe(false);
	});
});

describe("presence at a relay", () => {
	it("is asked for once, and known when all users are told", async () => {
		const { origin, following, start, tell, presence } = follower();
		await start();
		const observed = [following.observe(), following.observe()];
		const state = stateOf(Promise.all(observed));
		tell({ type: "online", users: range(1, 3).map(String), isLast: false });
		await scheduler.wait(5);
		expect(state.is).toBe("waits");
		tell({ type: "online", users: ["4"], isLast: true });
		await Promise.all(observed);
		expect(presence.online).toBe(4);
		expect(origin.told).toEqual([{ type: "observe" }]);
		tell({ type: "presence", user: "1", state: "offline" });
		await vi.waitFor(() => expect(presence.online).toBe(3));
	});

	it("is a number where the channel says so", async () => {
		const { following, start, tell, presence, happened } = follower();
		await start();
		const observed = following.observe();
		tell({ type: "presence", count: 12 });
		await observed;
		expect(presence.online).toBe(12);
		expect(happened.at(-1)).toBe("presence");
	});
});

describe("a relay that stops", () => {
	it("hears nothing more, and follows anew at the head when it starts again", async () => {
		const { origin, following, start, send, tell, log, happened } = follower();
		await start();
		const closed = new Promise((resolve) => origin.socket?.addEventListener("close", resolve));
		await following.stop();
		await closed;
		expect(following.isOn).toBe(false);
		expect(happened).toEqual(["joined", "resumed"]);
		origin.start = { position: 30, cursor: 30, resumed: false };
		const again = following.start();
		await vi.waitFor(() => expect(origin.subscriptions).toHaveLength(2));
		await vi.waitFor(() => expect(origin.socket?.readyState).toBe(WebSocket.OPEN));
		tell({ type: "log", extent: { ...EXTENT, head: 30 } });
		await again;
		send(31);
		await vi.waitFor(() => expect(log.head).toBe(31));
		expect(log.has(11)).toBe(false);
	});

	it("tells those who wait for it", async () => {
		const { following } = follower();
		const started = stateOf(following.start());
		await following.stop();
		await vi.waitFor(() =>
			expect(started.is).toContain("channel_unavailable: The channel orders could not be reached"),
		);
	});

	it("may try again after a refusal", async () => {
		const { origin, following, start } = follower();
		origin.refusal = new Problem("channel_unavailable", "Just now.");
		await expect(following.start()).rejects.toThrow("channel_unavailable: Just now.");
		expect(following.isOn).toBe(false);
		origin.refusal = undefined;
		await start();
	});
});
