import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Counts } from "../../src/audience/counts.ts";
import { Replay } from "../../src/audience/replay.ts";
import { ResponseOutlet } from "../../src/audience/response-outlet.ts";
import { Subscriber } from "../../src/audience/subscriber.ts";
import { Log } from "../../src/log/log.ts";
import { DIALECTS, type DialectName } from "../../src/wire/dialect/dialects.ts";
import type { Subscription } from "../../src/wire/subscription.ts";
import { newEvent } from "../support/events.ts";
import { freshChannel } from "../support/service.ts";
import { SseReader } from "../support/sse.ts";
import { subscriptionOf } from "../support/subscription.ts";

const NOW = 1_795_223_089_000;

const NAMED = { ...subscriptionOf({ endsAt: NOW + 3_600_000 }), dialect: "named" } as const;
const PLAIN = { ...NAMED, dialect: "plain" } as const;

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
		const { subscriber } = replay.start(subscription, NOW, ({ position }) => {
			const outlet = new ResponseOutlet({
				channel: "orders",
				dialect: DIALECTS[dialect],
				maxBacklogBytes: 1000,
				retryMilliseconds: 0,
				now: NOW,
				left: () => undefined,
				more: undefined,
			});
			return new Subscriber(subscription, position, NOW, outlet);
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
