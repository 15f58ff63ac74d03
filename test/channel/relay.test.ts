import { describe, expect, it } from "vitest";
import { TestIssuer } from "../support/issuer.ts";
import { call, freshChannel, PUBLISH_KEY, published, subscribe } from "../support/service.ts";

describe("a channel of more streams than one object holds", () => {
	it("spreads over relays, and everybody gets every event once and in order", async () => {
		const issuer = await TestIssuer.start();
		const channel = freshChannel("ruled:crowd:");
		const streams = [];
		for (let index = 0; index < 7; index += 1) {
			const token = await issuer.token({ sub: `user-${index}`, channels: [channel] });
			streams.push(await subscribe(`/events?channel=${channel}`, token));
		}
		for (const stream of streams) await stream.expect("connected");
		const state = await call(`/channels/${channel}`, { headers: { Authorization: `Bearer ${PUBLISH_KEY}` } });
		expect(await state.json()).toMatchObject({ subscribers: 7, relays: 3 });
		for (let index = 0; index < 5; index += 1) await published(channel, { data: index });
		for (const stream of streams) {
			const frames = await stream.take(5);
			expect(frames.map(({ data }) => data)).toEqual(["0", "1", "2", "3", "4"]);
			await stream.close();
		}
	});
});
