import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Chunk } from "../../src/audience/chunk.ts";
import { Counts } from "../../src/audience/counts.ts";
import type { Outlet } from "../../src/audience/outlet.ts";
import { Replay } from "../../src/audience/replay.ts";
import { ResponseOutlet } from "../../src/audience/response-outlet.ts";
import { Subscriber } from "../../src/audience/subscriber.ts";
import { Log } from "../../src/log/log.ts";
import { Starts } from "../../src/log/starts.ts";
import { DIALECTS, type DialectName } from "../../src/wire/dialect/dialects.ts";
import type { Start, Subscription } from "../../src/wire/subscription.ts";
import { newEvent } from "../support/events.ts";
import { counted, publish, withLog } from "../support/log.ts";
import { freshChannel } from "../support/service.ts";
import { SseReader } from "../support/sse.ts";
import { subscriptionOf } from "../support/subscription.ts";

const NOW = 1_795_223_089_000;

const NAMED = { ...subscriptionOf({ endsAt: NOW + 3_600_000 }), dialect: "named" } as const;
const PLAIN = { ...NAMED, dialect: "plain" } as const;

function startOf(log: Log, subscription: Subscription): Start {
	return new Starts("orders", log).find(subscription, NOW);
}

function outletOf(dialect: DialectName): ResponseOutlet {
	return new ResponseOutlet({
		channel: "orders",
		dialect: DIALECTS[dialect],
		maxBacklogBytes: 1000,
		retryMilliseconds: 0,
		now: NOW,
		left: () => undefined,
		more: undefined,
	});
}

/** A stream that was opened before the first of three events, and fell behind. */
async function fallenBehind(
	{ dialect, ...rest }: Subscription & { dialect: DialectName },
	rememberedEvents: number,
	test: (subscriber: Subscriber<ResponseOutlet>, replay: Replay, log: Log) => Promise<void>,
): Promise<void> {
	await runInDurableObject(env.CHANNEL.getByName(freshChannel()), async (_, { storage }) => {
		const log = new Log(storage, { events: rememberedEvents, milliseconds: 86_400_000 });
		const replay = new Replay("orders", log, new Counts("orders", undefined));
		const subscription = { dialect, ...rest };
		const start = startOf(log, subscription);
		const subscriber = replay.start(subscription, start, NOW, () => {
			return new Subscriber(subscription, start.position, NOW, outletOf(dialect));
		});
		subscriber.fallBehind(NOW);
		log.append(
			["1", "2", "3"].map((data) => newEvent({ data })),
			NOW,
		);
		log.reveal();
		await test(subscriber, replay, log);
	});
}

describe("a stream that was admitted before it is opened, as at a relay", () => {
	it("is told of what was trimmed meanwhile", async () => {
		await withLog({ events: 2 }, async (log) => {
			publish(log, 3, NOW);
			const subscription = { ...NAMED, cursor: `${log.head - 1}`, position: log.head - 1 };
			const start = startOf(log, subscription);
			expect(start).toMatchObject({ resumed: true });
			publish(log, 3, NOW);
			const replay = new Replay("orders", log, new Counts("orders", undefined));
			const subscriber = replay.start(subscription, start, NOW, () => {
				return new Subscriber(subscription, start.position, NOW, outletOf("named"));
			});
			replay.catchUp(subscriber, NOW);
			const frames = await new SseReader(subscriber.outlet.toResponse("request")).take(4);
			expect(frames.map(({ event, data }) => event ?? data)).toEqual(["connected", "gap", "1", "2"]);
		});
	});
});

describe("a stream that was opened before the first event, and fell behind", () => {
	it.each([
		["gets all of it", NAMED, 100, ["connected", "1", "2", "3"]],
		["is told of a gap when the beginning was forgotten", NAMED, 2, ["connected", "gap", "2", "3"]],
		["is not told if it ignores gaps", { ...PLAIN, gaps: "ignored" }, 2, ["2", "3"]],
		["gets all of it where a gap would end it", { ...PLAIN, gaps: "refused" }, 100, ["1", "2", "3"]],
	] as const)("%s", async (_, subscription, events, expected) => {
		await fallenBehind(subscription, events, async (subscriber, replay, log) => {
			expect(replay.hasLost(subscriber, NOW)).toBe(false);
			replay.catchUp(subscriber, NOW);
			expect(subscriber.position).toBe(log.head);
			const frames = await new SseReader(subscriber.outlet.toResponse("request")).take(expected.length);
			expect(frames.map(({ event, data }) => event ?? data)).toEqual(expected);
		});
	});

	it("gets nothing more when the beginning was forgotten and it cannot be told, so that it can be ended", async () => {
		await fallenBehind({ ...PLAIN, gaps: "refused" }, 2, async (subscriber, replay) => {
			expect(replay.hasLost(subscriber, NOW)).toBe(true);
			replay.catchUp(subscriber, NOW);
			expect(subscriber).toMatchObject({ position: 0, isBehind: true });
			subscriber.outlet.close();
			expect(await subscriber.outlet.toResponse("request").text()).toBe("retry: 0\n");
		});
	});
});

/** Takes all that it is sent. */
class TakingOutlet implements Outlet {
	readonly isMetered = false;
	readonly isResponse = false;
	readonly streams = 1;
	readonly mustDrain = false;
	readonly unsentBytes = 0;
	readonly chunks: Chunk[] = [];

	deliver(chunk: Chunk | undefined): void {
		if (chunk) this.chunks.push(chunk);
	}

	open(): void {}
	tell(): void {}
	close(): void {}
	drop(): void {}
	persist(): void {}
	heartbeatDue = () => Number.POSITIVE_INFINITY;
	lostAt = () => Number.POSITIVE_INFINITY;
}

describe("a thousand streams that come back at once", () => {
	const EVENTS = 5000;
	const READERS = 1000;

	it.each([
		["from positions of their own", (reader: number) => (reader * 7919) % EVENTS, 2.3],
		["from the start", () => 0, 1.2],
	])("%s read the log once together, and share what is encoded", async (_, positionOf, timesRead) => {
		await runInDurableObject(env.CHANNEL.getByName(freshChannel()), (__, { storage }) => {
			const retention = { events: EVENTS, milliseconds: 86_400_000 };
			const filled = new Log(storage, retention);
			for (let event = 1; event <= EVENTS; event += 1) filled.append([newEvent({ data: `${event}` })], NOW);
			filled.reveal();
			const { storage: counting, rowsRead } = counted(storage);
			const log = new Log(counting, retention);
			const replay = new Replay("orders", log, new Counts("orders", undefined));
			const chunks = new Set<Chunk>();
			for (let reader = 0; reader < READERS; reader += 1) {
				const position = log.start + positionOf(reader);
				const subscription = { ...NAMED, cursor: `${position}`, position };
				const outlet = new TakingOutlet();
				const subscriber = replay.start(subscription, startOf(log, subscription), NOW, () => {
					return new Subscriber(subscription, position, NOW, outlet);
				});
				replay.catchUp(subscriber, NOW);
				expect(subscriber.position).toBe(log.head);
				expect(outlet.chunks.reduce((sum, { events }) => sum + events, 0)).toBe(log.head - position);
				for (const chunk of outlet.chunks) chunks.add(chunk);
			}
			expect(rowsRead()).toBeLessThan(timesRead * EVENTS);
			// Each has a first chunk of its own at most.
			expect(chunks.size).toBeLessThan(positionOf(1) === 0 ? 25 : READERS + 25);
		});
	});

	it("get every event once and in order, however large the events and wherever they begin", async () => {
		await runInDurableObject(env.CHANNEL.getByName(freshChannel()), (_, { storage }) => {
			const retention = { events: 10_000, milliseconds: 86_400_000 };
			const log = new Log(storage, retention);
			for (let group = 0; group < 30; group += 1) {
				const size = [1, 200, 3000, 20_000, 70_000][group % 5] as number;
				log.append(new Array(1 + (group % 7)).fill(newEvent({ data: `"${"x".repeat(size)}"` })), NOW);
			}
			log.reveal();
			const replay = new Replay("orders", log, new Counts("orders", undefined));
			for (let position = log.start; position <= log.head; position += 3) {
				const subscription = { ...NAMED, cursor: `${position}`, position };
				const outlet = new TakingOutlet();
				const subscriber = replay.start(subscription, startOf(log, subscription), NOW, () => {
					return new Subscriber(subscription, position, NOW, outlet);
				});
				replay.catchUp(subscriber, NOW);
				const ids = outlet.chunks.flatMap(({ texts }) => texts.map((text) => Number(/^id: (\d+)$/m.exec(text)?.[1])));
				expect(ids).toEqual(Array.from({ length: log.head - position }, (__, index) => position + 1 + index));
			}
		});
	});

	it("see what comes after a piece that was cut short by the end of the log", async () => {
		await runInDurableObject(env.CHANNEL.getByName(freshChannel()), (_, { storage }) => {
			const log = new Log(storage, { events: 100, milliseconds: 86_400_000 });
			const replay = new Replay("orders", log, new Counts("orders", undefined));
			for (let count = 1; count <= 20; count += 1) {
				log.append([newEvent()], NOW);
				log.reveal();
				const position = log.start;
				const subscription = { ...NAMED, cursor: `${position}`, position };
				const outlet = new TakingOutlet();
				const start = startOf(log, subscription);
				replay.start(subscription, start, NOW, () => new Subscriber(subscription, position, NOW, outlet));
				expect(outlet.chunks.reduce((sum, { events }) => sum + events, 0)).toBe(count);
			}
		});
	});
});
