import { describe, expect, it } from "vitest";
import { rulesFor } from "../src/channel-rules.ts";
import { readConfig } from "../src/config.ts";
import type { ChannelRule } from "../src/wire/channel-rules.ts";

function rulesOf(channel: string, ...rules: ChannelRule[]) {
	return rulesFor(readConfig({ REPLAY_EVENTS: 7, CHANNEL_RULES: rules }), channel);
}

describe("rulesFor", () => {
	it("has the settings where no rule covers the channel", () => {
		const settings = {
			match: null,
			delivery: "direct",
			replayEvents: 7,
			replaySeconds: 86_400,
			maxEventBytes: 65_536,
			maxSubscribers: 1_000_000,
			crowdSize: 1000,
			maxConnectionsPerUser: 20,
			presence: "on",
			anonymous: false,
		};
		expect(rulesOf("chat:1")).toEqual(settings);
		expect(rulesOf("chat:1", { match: "orders", replayEvents: 1 })).toEqual(settings);
		expect(rulesFor(readConfig({ REPLAY_EVENTS: 7 }), "chat:1")).toEqual(settings);
	});

	it("takes the first rule that covers the channel, and what it leaves out from the settings", () => {
		const rules: ChannelRule[] = [
			{ match: "chat:1", replaySeconds: 60 },
			{ match: "chat:*", replayEvents: 5, presence: "off" },
			{ match: "*", maxSubscribers: 3, crowdSize: 2 },
		];
		expect(rulesOf("chat:1", ...rules)).toMatchObject({ match: "chat:1", replaySeconds: 60, replayEvents: 7 });
		expect(rulesOf("chat:2", ...rules)).toMatchObject({ match: "chat:*", replayEvents: 5, maxSubscribers: 1_000_000 });
		expect(rulesOf("orders", ...rules)).toMatchObject({ match: "*", maxSubscribers: 3, crowdSize: 2, presence: "on" });
	});

	it("takes the first rule, not the narrowest", () => {
		const rules: ChannelRule[] = [
			{ match: "chat:*", replayEvents: 5 },
			{ match: "chat:1", replayEvents: 9 },
			{ match: "chat:*", replayEvents: 2 },
		];
		expect(rulesOf("chat:1", ...rules)).toMatchObject({ match: "chat:*", replayEvents: 5 });
	});

	it("takes a field that is `undefined` as one that is left out", () => {
		const rule = { match: "*", delivery: undefined, anonymous: undefined } as unknown as ChannelRule;
		expect(rulesOf("chat:1", rule)).toMatchObject({ match: "*", delivery: "direct", anonymous: false });
	});

	it("opens a personal channel to strangers only by its full name", () => {
		for (const match of ["*", "user:*", "user:alice*"]) {
			expect(rulesOf("user:alice", { match, anonymous: true })).toMatchObject({ match, anonymous: false });
		}
		expect(rulesOf("user:alice", { match: "user:alice", anonymous: true }).anonymous).toBe(true);
		expect(rulesOf("users", { match: "*", anonymous: true }).anonymous).toBe(true);
	});

	it("costs little, with many rules and long names", () => {
		const rules = Array.from({ length: 100 }, (_, index) => ({ match: `${"a".repeat(120)}${index}*` }));
		const config = readConfig({ CHANNEL_RULES: rules });
		const channel = `${"a".repeat(126)}`;
		const started = performance.now();
		for (let call = 0; call < 1000; call += 1) rulesFor(config, channel);
		expect(performance.now() - started).toBeLessThan(1000);
	});
});
