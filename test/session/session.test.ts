import { describe, expect, it, vi } from "vitest";
import { Problem } from "../../src/errors.ts";
import { Logger } from "../../src/logger.ts";
import type { Client } from "../../src/session/client-connection.ts";
import { Session } from "../../src/session/session.ts";
import type { Placement } from "../../src/session/session-options.ts";
import { Cursors } from "../../src/wire/cursor.ts";
import { encodeEvents } from "../../src/wire/link.ts";
import { FakeChannel } from "../support/fake-channel.ts";
import { watchLines } from "../support/lines.ts";
import { subscriptionOf } from "../support/subscription.ts";

/** A client that writes down what it gets. */
class FakeClient implements Client {
	unsentBytes = 0;
	readonly seen: string[] = [];

	/** What is told to it comes in the dialect of WebSocket clients, which is JSON. */
	write(texts: readonly string[]): void {
		for (const text of texts) {
			const { type, id, ...data } = JSON.parse(text);
			this.seen.push((type === "heartbeat" ? `beat ${id ?? ""}` : `${type} ${JSON.stringify(data)} ${id}`).trim());
		}
	}

	pass(bytes: Uint8Array): void {
		this.seen.push(new TextDecoder().decode(bytes));
	}

	close(reason: string, text?: string): void {
		if (text === undefined) this.seen.push("ended");
		else this.write([text]);
		this.seen.push(`closed ${reason}`);
	}
}

async function sessionOf(
	channel: FakeChannel,
	client: Client,
	heartbeatMilliseconds = 60_000,
	maxWrites?: number,
): Promise<Session> {
	const subscription = { ...subscriptionOf({ maxBacklogBytes: 1600, endsAt: 2000 }), dialect: "message" as const };
	const cursors = await Cursors.of(["orders"]);
	const placement: Placement = {
		open: (name, openAt) => openAt({ channel: name }, channel.call),
		newConnection: async () => "c",
	};
	const logger = new Logger({ request: "r1" });
	const starts = new Map();
	const options = {
		channels: ["orders"],
		cursors,
		subscription,
		starts,
		heartbeatMilliseconds,
		retryMilliseconds: 2000,
		meter: undefined,
		logger,
		placement,
	};
	return new Session(options, client, maxWrites);
}

async function started(heartbeatMilliseconds?: number, maxWrites?: number) {
	const channel = new FakeChannel();
	const client = new FakeClient();
	const session = await sessionOf(channel, client, heartbeatMilliseconds, maxWrites);
	expect(await session.start()).toBeUndefined();
	expect(client.seen.shift()).toMatch(/^connected .* 10$/);
	return { channel, client, session };
}

describe("a session", () => {
	it("answers with the refusal of its channel", async () => {
		const channel = new FakeChannel();
		channel.refusal = new Problem("channel_full", "It is full.");
		const refusal = await (await sessionOf(channel, new FakeClient())).start();
		expect(refusal?.status).toBe(503);
	});

	it("joins a channel that was lost again, from its position", async () => {
		const { channel, client } = await started();
		channel.send(11, "eleven");
		await expect.poll(() => client.seen).toEqual(["eleven"]);
		channel.start = { position: 11, cursor: 11, resumed: true };
		channel.socket?.close(1011);
		await expect.poll(() => channel.subscriptions.length).toBe(2);
		expect(channel.subscriptions[1]).toMatchObject({ cursor: "11", position: 11, rejoins: true });
		await expect.poll(() => channel.socket?.readyState).toBe(WebSocket.OPEN);
		channel.send(12, "twelve");
		await expect.poll(() => client.seen).toEqual(["eleven", "twelve"]);
	});

	it("tells its client what a channel that was lost has forgotten meanwhile", async () => {
		const { channel, client } = await started();
		const gap = { after: "10", oldest: "21", reason: "trimmed" } as const;
		channel.start = { position: 20, cursor: 10, resumed: false, gap };
		channel.socket?.close(1011);
		await expect.poll(() => client.seen).toEqual([`gap ${JSON.stringify({ channel: "orders", ...gap })} 20`]);
	});

	it("tries again while a channel cannot be reached, and ends for good when it is refused", async () => {
		const { channel, client } = await started();
		channel.refusal = new Problem("channel_unavailable", "Just now.");
		channel.socket?.close(1011);
		await expect.poll(() => channel.subscriptions.length).toBeGreaterThanOrEqual(3);
		channel.refusal = new Problem("invalid_token", "Revoked.");
		await expect
			.poll(() => client.seen)
			.toEqual(['closing {"reason":"revoked","reconnect":false} 10', "closed revoked"]);
	});

	it("writes down each time that a channel could not be reached, for the request of the stream", async () => {
		const lines = watchLines();
		const { channel } = await started();
		channel.failure = new Problem("channel_unavailable", "Just now.", { cause: new Error("it broke") });
		channel.socket?.close(1011);
		await expect.poll(() => lines.length).toBe(2);
		channel.failure = undefined;
		expect(lines[0]?.fields).toEqual({
			level: "error",
			message: "The channel could not be joined again.",
			request: "r1",
			channel: "orders",
			error: { name: "Error", message: "it broke", stack: expect.any(String) },
		});
		vi.restoreAllMocks();
	});

	it("says that its channel has ended, once, and ends when all of its channels have", async () => {
		const { channel, client } = await started();
		channel.socket?.send(JSON.stringify({ type: "ended", reason: "abandoned" }));
		await expect
			.poll(() => client.seen)
			.toEqual([
				'ended {"channel":"orders","reason":"abandoned"} 10',
				'closing {"reason":"abandoned","reconnect":false} 10',
				"closed abandoned",
			]);
	});

	it("does not join a channel again that has closed after its end", async () => {
		const { channel, client } = await started();
		channel.socket?.send(JSON.stringify({ type: "closing", reason: "ended" }));
		channel.socket?.close(1000);
		await expect.poll(() => client.seen).toEqual(['closing {"reason":"ended","reconnect":false} 10', "closed ended"]);
		await scheduler.wait(100);
		expect(channel.subscriptions).toHaveLength(1);
	});

	it("tells its channel what the client has taken, rarely, and only once it has", async () => {
		const { channel, client } = await started();
		client.unsentBytes = 150;
		for (let event = 1; event <= 3; event += 1) channel.send(10 + event, "x".repeat(50));
		await expect.poll(() => client.seen.length).toBe(3);
		await scheduler.wait(120);
		expect(channel.told).toEqual([]);
		client.unsentBytes = 0;
		await expect.poll(() => channel.told).toEqual([{ type: "ack", bytes: 100 }]);
	});

	it("beats when nothing was written, with the position where events were withheld since", async () => {
		const { channel, client, session } = await started(30);
		await expect.poll(() => client.seen).toContain("beat");
		channel.socket?.send(encodeEvents({ position: 14, events: 0, replayed: 0, bytes: 0 }, new Uint8Array()));
		await expect.poll(() => client.seen).toContain("beat 14");
		await expect.poll(() => client.seen.at(-1)).toBe("beat");
		session.leave();
		const { length } = client.seen;
		await scheduler.wait(100);
		expect(client.seen).toHaveLength(length);
	});

	it("tells the cursor with whatever it tells, and need not beat with it any more", async () => {
		const { channel, client, session } = await started(30);
		channel.socket?.send(encodeEvents({ position: 14, events: 0, replayed: 0, bytes: 0 }, new Uint8Array()));
		channel.socket?.send(JSON.stringify({ type: "presence", user: "bob", state: "online" }));
		await expect.poll(() => client.seen.at(-1)).toBe("beat");
		expect(client.seen[0]).toBe('presence {"channel":"orders","user":"bob","state":"online"} 14');
		expect(client.seen).not.toContain("beat 14");
		session.leave();
	});

	it("warns its client once, whatever its channels say", async () => {
		const { channel, client } = await started();
		for (let time = 0; time < 3; time += 1) channel.socket?.send(JSON.stringify({ type: "expiring", expiresAt: 2000 }));
		channel.send(11, "eleven");
		await expect.poll(() => client.seen).toEqual(['expiring {"expires":2} 10', "eleven"]);
	});

	it("ends in good order before the Worker's CPU time is used up, and its client comes back", async () => {
		const { channel, client } = await started(60_000, 10);
		for (let event = 1; event <= 20; event += 1) {
			if (channel.socket?.readyState === WebSocket.OPEN) channel.send(10 + event, `${event}`);
			await scheduler.wait(1);
		}
		expect(client.seen.pop()).toBe("closed shutdown");
		expect(client.seen.slice(0, -1)).toEqual(
			["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"].slice(0, client.seen.length - 1),
		);
		expect(client.seen.length).toBeGreaterThan(5);
		// Its cursor is where the last event has brought it.
		expect(client.seen.at(-1)).toBe(`closing {"reason":"shutdown","reconnect":true} ${10 + client.seen.length - 1}`);
	});

	it("leaves its channel when its client leaves", async () => {
		const { channel, session } = await started();
		const closed = new Promise<void>((resolve) => channel.socket?.addEventListener("close", () => resolve()));
		session.leave();
		await closed;
	});
});
