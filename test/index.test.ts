import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createTidings, type PublishEntrypoint } from "../src/index.ts";
import { freshChannel } from "./support/service.ts";

beforeEach(() => {
	vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

/** The service binding of another Worker, which can pass anything. */
type Untyped = { [Method in "publish" | "publishToUser"]: (...input: unknown[]) => Promise<unknown> };

function service(): Untyped {
	return new (createTidings().PublishService)(createExecutionContext(), env) as PublishEntrypoint as Untyped;
}

describe("a publish over a service binding", () => {
	it("goes to a channel or a user, with or without conditions", async () => {
		const channel = freshChannel();
		const first = await service().publish(channel, { data: 1 }, { idempotencyKey: "k", ifHead: undefined });
		expect(await service().publish(channel, { data: 1 }, { idempotencyKey: "k" })).toEqual(first);
		await expect(service().publish(channel, { data: 2 }, { ifHead: "1" })).rejects.toThrow("head_moved");
		expect(await service().publishToUser("auth0|1", [{ data: 1 }], {})).toMatchObject({ channel: "user:auth0~7C1" });
	});

	it.each([undefined, null, 7, ["orders"], { name: "orders" }, "", "a b", "*"])(
		"is refused for the channel %j",
		async (channel) => {
			await expect(service().publish(channel, { data: 1 })).rejects.toThrow("invalid_channel");
		},
	);

	it.each([undefined, null, 7, ["alice"], { sub: "alice" }, "", "*", "\ud800", "a\udc00"])(
		"is refused for the subject %j",
		async (subject) => {
			await expect(service().publishToUser(subject, { data: 1 })).rejects.toThrow("invalid_request");
		},
	);

	it.each([
		null,
		7,
		"k",
		["k"],
		{ ifMatch: "1" },
		{ idempotencykey: "k" },
		{ idempotencyKey: 7 },
		{ idempotencyKey: null },
		{ idempotencyKey: "" },
		{ idempotencyKey: "a b" },
		{ idempotencyKey: { toString: "k" } },
		{ ifHead: 1_795_223_089_000_001 },
		{ ifHead: null },
		{ ifHead: "" },
		{ ifHead: '"1"' },
		{ ifHead: ["1"] },
	])("is refused with the conditions %j, and stores nothing", async (conditions) => {
		const channel = freshChannel();
		await expect(service().publish(channel, { data: 1 }, conditions)).rejects.toThrow("invalid_request");
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ buffered: 0 });
	});
});
