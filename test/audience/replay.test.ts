import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Counts } from "../../src/audience/counts.ts";
import { Replay } from "../../src/audience/replay.ts";
import { Stream } from "../../src/audience/stream.ts";
import { Log } from "../../src/log/log.ts";
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
			const log = new Log(storage, { events, seconds: 86_400 });
			const counts = new Counts({ name: "orders", meter: undefined, carried: undefined, carry: () => undefined });
			const replay = new Replay("orders", log, counts);
			const stream = replay.start(SUBSCRIPTION, NOW, ({ position }) => {
				const options = { channel: "orders", subscription: SUBSCRIPTION, position, retryMilliseconds: 0, now: NOW };
				return new Stream({ ...options, left: () => undefined, more: undefined });
			});
			stream.fallBehind(NOW);
			log.append(
				["1", "2", "3"].map((data) => newEvent({ data })),
				NOW,
			);
			log.reveal();
			replay.catchUp(stream, NOW);
			expect(stream.position).toBe(log.head);
			const frames = await new SseReader(stream.toResponse()).take(expected.length);
			expect(frames.map(({ event, data }) => event ?? data)).toEqual(expected);
		});
	});
});
