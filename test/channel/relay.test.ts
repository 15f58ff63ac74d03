import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { CHANNEL_URL, openHeaders } from "../../src/wire/link.ts";
import { objectNameOf } from "../../src/wire/place.ts";
import type { ChannelState } from "../../src/wire/state.ts";
import { advanceClock, holdTimers } from "../support/clock.ts";
import { TestIssuer } from "../support/issuer.ts";
import { call, freshChannel, PUBLISH_KEY, problem, published, subscribe } from "../support/service.ts";
import type { SseReader } from "../support/sse.ts";
import { subscriptionOf } from "../support/subscription.ts";

/** An object holds two streams of these channels: see `vitest.config.ts`. */
const CROWD = "ruled:crowd:";
const ADMIN = { headers: { Authorization: `Bearer ${PUBLISH_KEY}` } };

let issuer: TestIssuer;

beforeAll(async () => {
	issuer = await TestIssuer.start();
});

afterEach(() => void vi.useRealTimers());

async function stateOf(channel: string): Promise<ChannelState> {
	return await (await call(`/channels/${channel}`, ADMIN)).json();
}

/** Opens a stream of each of so many users. */
async function gather(channel: string, count: number): Promise<SseReader[]> {
	const streams = [];
	for (let index = 0; index < count; index += 1) {
		const token = await issuer.token({ sub: `user-${index}`, channels: [channel] });
		streams.push(await subscribe(`/events?channel=${channel}`, token));
	}
	for (const stream of streams) await stream.expect("connected");
	return streams;
}

describe("a channel of more streams than one object holds", () => {
	it("spreads over relays, and everybody gets every event once and in order", async () => {
		const channel = freshChannel(CROWD);
		const streams = await gather(channel, 7);
		expect(await stateOf(channel)).toMatchObject({ subscribers: 7, relays: 3 });
		for (let index = 0; index < 5; index += 1) await published(channel, { data: index });
		for (const stream of streams) {
			const frames = await stream.take(5);
			expect(frames.map(({ data }) => data)).toEqual(["0", "1", "2", "3", "4"]);
			await stream.close();
		}
	});

	it("forgets a relay after a minute whose only stream was refused", async () => {
		const channel = freshChannel(CROWD);
		await call(`/channels/${channel}/subscribers?user=mallory`, { ...ADMIN, method: "DELETE" });
		const relay = env.CHANNEL.getByName(objectNameOf({ channel, relay: "1" }));
		holdTimers();
		const subscription = subscriptionOf({ user: "mallory", channels: [channel] });
		const refused = await relay.fetch(CHANNEL_URL, { headers: openHeaders(subscription, "request") });
		expect(await problem(refused)).toMatchObject({ code: "invalid_token" });
		expect(await stateOf(channel)).toMatchObject({ subscribers: 0, relays: 1 });
		await runInDurableObject(relay, () => void vi.advanceTimersByTime(60_000));
		vi.useRealTimers();
		await expect.poll(() => stateOf(channel)).toMatchObject({ subscribers: 0, relays: 0 });
	});

	it("tells a relay that asks for older events where it begins, also where it remembers none", async () => {
		const channel = freshChannel(CROWD);
		const ids = await published(channel, [{ data: 1 }, { data: 2 }]);
		const part = async () => await env.CHANNEL.getByName(channel).part(0);
		expect(await part()).toMatchObject({ events: [{ data: "1" }, { data: "2" }], oldest: Number(ids[0]) });
		advanceClock(86_401);
		expect(await part()).toEqual({ events: [], oldest: Number(ids[1]) + 1 });
	});

	it("ends the streams of a relay too that cannot be told of a wipe, and they get nothing of what is wiped", async () => {
		const channel = freshChannel(CROWD);
		const streams = await gather(channel, 3);
		await published(channel, { data: "wiped" });
		for (const stream of streams) expect((await stream.next()).data).toBe("wiped");
		const relay = env.CHANNEL.getByName(objectNameOf({ channel, relay: "1" }));
		// The runtime refuses to call what is not a method of the class.
		await runInDurableObject(relay, (instance) => void Object.assign(instance, { wipedHere: undefined }));
		await call(`/channels/${channel}`, { ...ADMIN, method: "DELETE" });
		for (const stream of streams) expect((await stream.rest()).at(-1)?.event).toBe("closing");
	});
});
