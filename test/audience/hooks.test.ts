import { afterEach, describe, expect, it, vi } from "vitest";
import { type ConnectedSubscriber, Hooks } from "../../src/audience/hooks.ts";
import type { Subscriber } from "../../src/audience/subscriber.ts";
import { Logger } from "../../src/logger.ts";
import { watchLines } from "../support/lines.ts";

afterEach(() => {
	vi.restoreAllMocks();
});

const subscriber = {
	connection: "c",
	since: 0,
	subscription: { user: "alice", claims: {} },
} as unknown as Subscriber;

describe("an observer hook", () => {
	const error = new RangeError("out of patience");

	it.each<[string, () => void | Promise<void>]>([
		[
			"throws",
			() => {
				throw error;
			},
		],
		["rejects", () => Promise.reject(error)],
	])("that %s leaves a line with the channel, and nothing else happens", async (_, hook) => {
		const lines = watchLines();
		const hooks = new Hooks({ onConnect: hook, onDisconnect: hook }, new Logger({ channel: "orders" }));
		hooks.connected("orders", subscriber);
		hooks.disconnected("orders", subscriber, "client_left");
		await expect.poll(() => lines.length).toBe(2);
		for (const { fields } of lines) {
			expect(fields).toEqual({
				level: "error",
				message: "An observer hook threw; the stream goes on.",
				channel: "orders",
				error: { name: "RangeError", message: "out of patience", stack: expect.any(String) },
			});
		}
	});

	it("changes nothing of a stream by what it does with the claims that it is given", () => {
		const hook = vi.fn(({ claims }: ConnectedSubscriber) => {
			claims.role = "admin";
		});
		const hooks = new Hooks({ onConnect: hook, onDisconnect: hook }, new Logger({}));
		hooks.connected("orders", subscriber);
		hooks.disconnected("orders", subscriber, "client_left");
		expect(hook).toHaveBeenCalledTimes(2);
		expect(subscriber.subscription.claims).toEqual({});
	});
});
