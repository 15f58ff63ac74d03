import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Counts } from "../../src/audience/counts.ts";
import { Replay } from "../../src/audience/replay.ts";
import { ResponseOutlet } from "../../src/audience/response-outlet.ts";
import { Subscriber } from "../../src/audience/subscriber.ts";
import { Log } from "../../src/log/log.ts";
import { named } from "../../src/wire/dialect/named.ts";
import { newEvent } from "../support/events.ts";
import { freshChannel } from "../support/service.ts";
import { SseReader } from "../support/sse.ts";
import { subscriptionOf } from "../support/subscription.ts";

const NOW = 1_795_223_089_000;

const SUBSCRIPTION = subscriptionOf({ endsAt: NOW + 3_600_000 });

describe("a stream that was opened before the first event, and fell behind", () => {
	it.each([
		["gets all of it", 100, ["connected", "1", "2", "3"]],
		["is told of a gap when the beginning was forgotten", 2, ["connected", "gap", "2", "3"]],
	])("%s", async (_, events, expected) => {
		await runInDurableObject(env.CHANNEL.getByName(freshChannel()), async (__, { storage }) => {
			const log = new Log(storage, { events, milliseconds: 86_400_000 });
			const counts = new Counts("orders", undefined);
			const replay = new Replay("orders", log, counts);
			const { subscriber } = replay.start(SUBSCRIPTION, NOW, ({ position }) => {
				const outlet = new ResponseOutlet({
					channel: "orders",
					dialect: named,
					maxBacklogBytes: 1000,
					retryMilliseconds: 0,
					now: NOW,
					left: () => undefined,
					more: undefined,
				});
				return new Subscriber(SUBSCRIPTION, position, NOW, outlet);
			});
			subscriber.fallBehind(NOW);
			log.append(
				["1", "2", "3"].map((data) => newEvent({ data })),
				NOW,
			);
			log.reveal();
			replay.catchUp(subscriber, NOW);
			expect(subscriber.position).toBe(log.head);
			const frames = await new SseReader(subscriber.outlet.toResponse("request")).take(expected.length);
			expect(frames.map(({ event, data }) => event ?? data)).toEqual(expected);
		});
	});
});
