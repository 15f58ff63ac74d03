import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createTidings, type LiveReceipt, type PublishEntrypoint } from "../src/index.ts";
import { freshChannel } from "./support/service.ts";

beforeEach(() => {
	vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

/** The service binding of another Worker, which can pass anything. */
type Untyped = { [Method in "publish" | "publishToUser" | "pipe"]: (...input: unknown[]) => Promise<unknown> };

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

/** Texts as a stream of bytes. */
function bytes(...texts: string[]): ReadableStream<Uint8Array> {
	return new Blob(texts).stream();
}

describe("a publish from a stream over a service binding", () => {
	it("stores what the stream brings, and can end the channel with it", async () => {
		const channel = freshChannel();
		const first = (await service().pipe(channel, bytes("data: a\n\nda", "ta: b\n\n"))) as LiveReceipt;
		expect(first).toMatchObject({ channel, events: 2, subscribers: 0 });
		const options = { contentType: "application/x-ndjson", end: true, lease: 1, linger: 10 };
		const second = await service().pipe(channel, bytes('{"data":{"c":1}}\n'), options);
		expect(second).toMatchObject({ events: 1 });
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ buffered: 3, ended: true });
		await expect(service().pipe(channel, bytes("data: d\n\n"))).rejects.toThrow("channel_ended");
		await expect(service().publish(channel, { data: 1 })).rejects.toThrow("channel_ended");
	});

	it("stores nothing twice under one key, and ends the channel once", async () => {
		const channel = freshChannel();
		const options = { idempotencyKey: "answer", end: true };
		const first = await service().pipe(channel, bytes("data: a\n\ndata: b\n\n"), options);
		expect(await service().pipe(channel, bytes("data: a\n\ndata: b\n\n"), options)).toEqual(first);
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ buffered: 2, ended: true });
	});

	it("is refused with the number of the event that is wrong, and keeps those before it", async () => {
		const channel = freshChannel();
		const stream = bytes("data: a\n\n", "event: gap\ndata: b\n\n");
		await expect(service().pipe(channel, stream, { end: true })).rejects.toThrow(/^invalid_event: .*2/);
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ buffered: 1, ended: false });
	});

	it.each([undefined, null, "data: a\n\n", [{ data: 1 }], new Uint8Array(1)])(
		"is refused for the stream %j",
		async (stream) => {
			await expect(service().pipe(freshChannel(), stream)).rejects.toThrow(/^invalid_request: The stream must be/);
		},
	);

	it.each([
		null,
		7,
		{ idempotencyKey: "a b" },
		{ linger: -1 },
		{ linger: 1001 },
		{ linger: "5" },
		{ lease: 0 },
		{ lease: 3601 },
		{ lease: 0.5 },
		{ end: "1" },
		{ contentType: "application/json" },
		{ until: 7 },
	])("is refused with the options %j, and stores nothing", async (options) => {
		const channel = freshChannel();
		await expect(service().pipe(channel, bytes("data: a\n\n"), options)).rejects.toThrow("invalid_request");
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ buffered: 0 });
	});

	it("is refused for a name that no channel can have", async () => {
		await expect(service().pipe("a b", bytes("data: a\n\n"))).rejects.toThrow("invalid_channel");
	});
});
