import { describe, expect, it } from "vitest";
import { Problem } from "../../src/errors.ts";
import { Logger } from "../../src/logger.ts";
import { Acks } from "../../src/uplink/acks.ts";
import { Uplink, type UplinkOptions } from "../../src/uplink/uplink.ts";
import type { Start } from "../../src/wire/subscription.ts";
import { FakeChannel } from "../support/fake-channel.ts";
import { subscriptionOf } from "../support/subscription.ts";

const RENEWAL = { user: "alice", claims: { role: "admin" }, expiresAt: 9000, endsAt: 9000, issuedAt: 2000 };

/** An uplink to a channel, and what its session hears of it. */
async function opened(channel = new FakeChannel(), options: Partial<UplinkOptions> = {}) {
	const heard: string[] = [];
	const uplink = await Uplink.open({
		place: { channel: "orders" },
		subscription: subscriptionOf({ endsAt: 2000, rewind: 3 }),
		budget: { take: () => true },
		logger: new Logger({}),
		call: channel.call,
		...options,
	});
	if (uplink instanceof Response) throw new Error("The channel refused.");
	uplink.listen({
		events: (_, { text }) => void heard.push(new TextDecoder().decode(text)),
		told: (_, message) => void heard.push(message.type),
		lost: (_, reason) => void heard.push(`lost: ${reason}`),
	});
	return { channel, heard, uplink };
}

/** The channel's object dies, and starts again where it is told to. */
function die(channel: FakeChannel, start: Start = { position: 10, cursor: 10, resumed: true }): void {
	channel.start = start;
	channel.socket?.close(1011);
}

describe("an uplink", () => {
	it("answers with the refusal of its channel", async () => {
		const channel = new FakeChannel();
		channel.refusal = new Problem("channel_full", "It is full.");
		await expect(opened(channel)).rejects.toThrow("refused");
	});

	it("says what was missed before it starts", async () => {
		const channel = new FakeChannel();
		const gap = { after: "1", oldest: "9", reason: "trimmed" } as const;
		channel.start = { position: 8, cursor: 1, resumed: false, gap };
		const { heard, uplink } = await opened(channel);
		expect(heard).toEqual(["gap"]);
		expect(uplink.position).toBe(1);
	});

	it("rejoins a channel whose object has died, from where its session is", async () => {
		const { channel, heard, uplink } = await opened();
		uplink.position = 17;
		die(channel);
		await expect.poll(() => channel.subscriptions.length).toBe(2);
		expect(channel.subscriptions[0]).toMatchObject({ rewind: 3 });
		expect(channel.subscriptions[1]).toMatchObject({ cursor: "17", position: 17, rejoins: true });
		expect(channel.subscriptions[1]).not.toHaveProperty("rewind");
		await expect.poll(() => channel.socket?.readyState).toBe(WebSocket.OPEN);
		channel.send(18, "eighteen");
		await expect.poll(() => heard).toEqual(["eighteen"]);
	});

	it("rejoins again and again, as often as its session may", async () => {
		let left = 2;
		const { channel, heard } = await opened(new FakeChannel(), {
			budget: {
				take: () => {
					left -= 1;
					return left >= 0;
				},
			},
		});
		for (const joined of [2, 3]) {
			die(channel);
			await expect.poll(() => channel.subscriptions.length).toBe(joined);
			await expect.poll(() => channel.socket?.readyState).toBe(WebSocket.OPEN);
		}
		die(channel);
		await expect.poll(() => heard).toEqual(["lost: shutdown"]);
		expect(channel.subscriptions).toHaveLength(3);
	});

	it("tries again while the channel fails, and is lost for good when it refuses", async () => {
		const { channel, heard } = await opened();
		channel.refusal = new Problem("channel_unavailable", "Just now.");
		die(channel);
		await expect.poll(() => channel.subscriptions.length).toBeGreaterThanOrEqual(3);
		expect(heard).toEqual([]);
		channel.refusal = new Problem("invalid_token", "Revoked.");
		await expect.poll(() => heard).toEqual(["lost: revoked"]);
	});

	it("is lost, but not as revoked, when events are gone and its client cannot be told of a gap", async () => {
		const { channel, heard } = await opened();
		channel.refusal = new Problem("gap", "Events are gone.");
		die(channel);
		await expect.poll(() => heard).toEqual(["lost: shutdown"]);
	});

	it("rejoins with the credentials that it was renewed with while the channel was gone", async () => {
		const { channel, uplink } = await opened();
		die(channel);
		await expect.poll(() => channel.socket?.readyState).not.toBe(WebSocket.OPEN);
		uplink.renew(RENEWAL);
		await expect.poll(() => channel.subscriptions.length).toBe(2);
		expect(channel.subscriptions[1]).toMatchObject(RENEWAL);
	});

	it("tells the channel of credentials that came while it was being rejoined", async () => {
		const { channel, uplink } = await opened();
		channel.meanwhile = () => uplink.renew(RENEWAL);
		die(channel);
		await expect.poll(() => channel.told).toEqual([{ type: "renew", renewal: RENEWAL }]);
		expect(channel.subscriptions[1]).toMatchObject({ endsAt: 2000 });
	});

	it("tells a channel of new credentials at once, and of older ones too, which change nothing of its own", async () => {
		const { channel, uplink } = await opened();
		uplink.renew(RENEWAL);
		uplink.renew({ ...RENEWAL, endsAt: 8000 });
		await expect.poll(() => channel.told.length).toBe(2);
		die(channel);
		await expect.poll(() => channel.subscriptions.length).toBe(2);
		expect(channel.subscriptions[1]).toMatchObject(RENEWAL);
	});

	it("goes on with credentials that do not say when they were issued", async () => {
		const { channel, heard, uplink } = await opened();
		const { issuedAt: _, ...renewal } = RENEWAL;
		uplink.renew(JSON.parse(JSON.stringify(renewal)));
		die(channel);
		await expect.poll(() => channel.subscriptions.length).toBe(2);
		expect(channel.subscriptions[1]).not.toHaveProperty("issuedAt");
		expect(heard).toEqual([]);
	});

	it("acknowledges nothing to a channel that it has rejoined of what the one before has sent", async () => {
		const { channel, uplink } = await opened();
		let unsentBytes = 100;
		const acks = new Acks(() => unsentBytes);
		acks.wrote(uplink.socket, 100, 100);
		die(channel);
		await expect.poll(() => channel.subscriptions.length).toBe(2);
		await expect.poll(() => channel.socket?.readyState).toBe(WebSocket.OPEN);
		unsentBytes = 200;
		acks.wrote(uplink.socket, 70, 100);
		unsentBytes = 0;
		await expect.poll(() => channel.told).toEqual([{ type: "ack", bytes: 70 }]);
	});

	it("lets go of a channel that it was about to rejoin when it is closed", async () => {
		const { channel, heard, uplink } = await opened();
		die(channel);
		uplink.close();
		await scheduler.wait(100);
		expect(channel.subscriptions).toHaveLength(1);
		expect(heard).toEqual([]);
	});
});
