import { describe, expect, it, vi } from "vitest";
import type { Audience } from "../../../src/audience/audience.ts";
import { Counts } from "../../../src/audience/counts.ts";
import { Headcount } from "../../../src/audience/headcount.ts";
import { Presence } from "../../../src/audience/presence.ts";
import { Replay } from "../../../src/audience/replay.ts";
import type { RelaySubscriber } from "../../../src/audience/roster.ts";
import { Followers } from "../../../src/channel/origin/followers.ts";
import { KnownRelay } from "../../../src/channel/origin/known-relay.ts";
import type { Relays } from "../../../src/channel/origin/relays.ts";
import { Revocations } from "../../../src/channel/revocations.ts";
import type { Log } from "../../../src/log/log.ts";
import { Starts } from "../../../src/log/starts.ts";
import { type ChannelMessage, decodeEvents, joinedStart, relaySubscription } from "../../../src/wire/link.ts";
import { readStored } from "../../../src/wire/stored.ts";
import { publish, START, withLog } from "../../support/log.ts";

/** Runs a test on an origin of five events, which relays may follow. */
function withFollowers(test: (parts: ReturnType<typeof partsOf>) => Promise<void>): Promise<void> {
	return withLog({}, async (log, { sql }) => {
		publish(log, 5, Date.now());
		await test(partsOf(log, sql));
	});
}

function partsOf(log: Log, sql: SqlStorage) {
	const revocations = new Revocations(sql);
	const headcount = new Headcount(new Presence());
	const audience = {
		follow: vi.fn(async (_: RelaySubscriber) => undefined),
		observe: vi.fn(),
		leave: vi.fn(),
		catchUp: vi.fn(async () => undefined),
	};
	const relays: Pick<Relays, "attach"> = {
		attach: (each, tie) => {
			each.tie = tie;
		},
	};
	const followers = new Followers({
		log,
		starts: new Starts("orders", log),
		replay: new Replay("orders", log, new Counts("orders", undefined)),
		audience: audience as unknown as Audience,
		revocations,
		relays: relays as Relays,
	});
	const relay = new KnownRelay("1", headcount, false);
	/** Joins, at a position if one is given, and hears what comes. */
	const join = (position?: number) => {
		const cursor = position === undefined ? {} : { cursor: `${position}`, position, rejoins: true };
		const response = followers.join(relay, { ...relaySubscription("1", "life", 1000), ...cursor });
		const socket = response.webSocket as WebSocket;
		const heard: (ChannelMessage | number | "closed")[] = [];
		socket.binaryType = "arraybuffer";
		socket.addEventListener("message", ({ data }) => {
			if (typeof data === "string") heard.push(JSON.parse(data) as ChannelMessage);
			else {
				const { text } = decodeEvents(data as ArrayBuffer);
				heard.push(...readStored(new TextDecoder().decode(text)).map(({ offset }) => offset - START));
			}
		});
		socket.addEventListener("close", () => void heard.push("closed"));
		socket.accept();
		return { start: joinedStart(response), socket, heard };
	};
	return { log, revocations, audience, relay, join };
}

describe("a relay that joins its origin", () => {
	it("starts at the head, and is told how the log stands and who was revoked", async () => {
		await withFollowers(async ({ join, log, relay, revocations, audience }) => {
			const now = Date.now();
			revocations.add("bob", now);
			const { start, heard } = join();
			expect(start).toEqual({ position: log.head, cursor: log.head, resumed: false });
			await vi.waitFor(() => expect(heard).toHaveLength(2));
			expect(heard).toMatchObject([
				{ type: "log", extent: { head: start.position, ended: null } },
				{ type: "revoked", revocations: [["bob", now]] },
			]);
			expect(audience.follow).toHaveBeenCalledTimes(1);
			expect(audience.follow.mock.calls[0]?.[0]).toBe(relay.tie);
		});
	});

	it("gets what it has missed when it joins again, and its earlier connection is cut", async () => {
		await withFollowers(async ({ join, relay, log, audience }) => {
			const earlier = join();
			const tie = relay.tie;
			const { heard, start } = join(log.head - 2);
			expect(start.resumed).toBe(true);
			await vi.waitFor(() => expect(heard).toHaveLength(4));
			expect(heard.slice(2)).toEqual([log.head - 1 - START, log.head - START]);
			await vi.waitFor(() => expect(earlier.heard.at(-1)).toBe("closed"));
			earlier.socket.close();
			await vi.waitFor(() => expect(audience.leave).toHaveBeenCalled());
			expect(audience.leave.mock.calls[0]?.[0]).toBe(tie);
			expect(relay.tie).not.toBe(tie);
			expect(relay.tie).toBeDefined();
		});
	});

	it("acknowledges, and gets more then if it is behind", async () => {
		await withFollowers(async ({ join, relay, log, audience }) => {
			const { socket } = join(log.head - 3);
			const tie = relay.tie as RelaySubscriber;
			const unsent = tie.outlet.unsentBytes;
			expect(unsent).toBeGreaterThan(0);
			socket.send(JSON.stringify({ type: "ack", bytes: 1 }));
			await vi.waitFor(() => expect(tie.outlet.unsentBytes).toBe(unsent - 1));
			expect(audience.catchUp).not.toHaveBeenCalled();
			tie.fallBehind(0);
			socket.send(JSON.stringify({ type: "ack", bytes: unsent }));
			await vi.waitFor(() => expect(audience.catchUp).toHaveBeenCalledTimes(1));
		});
	});

	it("is told of presence once it asks for it", async () => {
		await withFollowers(async ({ join, relay, audience }) => {
			const { socket } = join();
			expect(audience.observe).not.toHaveBeenCalled();
			socket.send(JSON.stringify({ type: "observe" }));
			await vi.waitFor(() => expect(audience.observe).toHaveBeenCalledTimes(1));
			expect(audience.observe.mock.calls[0]?.[0]).toBe(relay.tie);
		});
	});

	it("is cut off when its connection ends, and leaves", async () => {
		await withFollowers(async ({ join, relay, audience }) => {
			const { socket } = join();
			const { tie } = relay;
			socket.close(1000);
			await vi.waitFor(() => expect(audience.leave).toHaveBeenCalled());
			expect(audience.leave.mock.calls[0]?.[0]).toBe(tie);
			expect(relay.tie).toBeUndefined();
		});
	});
});
