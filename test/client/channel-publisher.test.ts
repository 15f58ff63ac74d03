import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ChannelPublisher, createPublisher, TidingsError } from "../../src/client/publish.ts";

const KEY = "a-publish-key-0123456789abcdef0123456789";

type Listener = (event: never) => void;

/** A WebSocket to a service that the test plays. */
class FakeSocket {
	static all: FakeSocket[] = [];
	readonly url: string;
	readonly headers: Record<string, string>;
	readonly sent: { ref: number; events: unknown[]; idempotencyKey: string; ifHead?: string }[] = [];
	closedWith: number | undefined;
	readonly #listeners: [type: string, listener: Listener][] = [];

	constructor(url: string, { headers }: { headers: Record<string, string> }) {
		this.url = url;
		this.headers = headers;
		FakeSocket.all.push(this);
	}

	addEventListener(type: string, listener: Listener): void {
		this.#listeners.push([type, listener]);
	}

	send(text: string): void {
		this.sent.push(JSON.parse(text));
	}

	close(code = 1000): void {
		this.closedWith = code;
		this.happen("close", { code, reason: "" });
	}

	happen(type: string, event: object = {}): void {
		for (const [each, listener] of this.#listeners) if (each === type) listener(event as never);
	}

	/** Answers a message as if its events were stored. */
	store(ref: number, ...ids: string[]): void {
		this.happen("message", { data: JSON.stringify({ ref, ids, subscribers: 0 }) });
	}

	refuse(ref: number | null, status: number, code: string): void {
		this.happen("message", { data: JSON.stringify({ ref, status, code, detail: "No." }) });
	}
}

let orders: ChannelPublisher;

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
	FakeSocket.all = [];
	orders = createPublisher({ url: "https://events.example.com/sse?a=1", key: KEY }).channel("chat:1", {
		linger: 5,
		WebSocket: FakeSocket,
	});
});

afterEach(() => {
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
	for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** The connection of so many that were made, once it is open. */
async function connection(index: number): Promise<FakeSocket> {
	await settle();
	const socket = FakeSocket.all[index];
	if (!socket) throw new Error(`No connection ${index} was made.`);
	socket.happen("open");
	await settle();
	return socket;
}

/** What a promise comes to, without waiting for it. */
function watch(promise: Promise<unknown>): { value?: unknown; error?: unknown } {
	const outcome: { value?: unknown; error?: unknown } = {};
	promise.then(
		(value) => void Object.assign(outcome, { value }),
		(error) => void Object.assign(outcome, { error }),
	);
	return outcome;
}

describe("a publisher of a channel", () => {
	it("connects with its key when it first publishes, and not before", async () => {
		await settle();
		expect(FakeSocket.all).toEqual([]);
		watch(orders.publish({ data: 1 }));
		const socket = await connection(0);
		expect(socket.url).toBe("wss://events.example.com/sse/channels/chat%3A1/publish?a=1&linger=5");
		expect(socket.headers).toEqual({ Authorization: `Bearer ${KEY}` });
	});

	it("ends the channel with a message where it is asked to, with events or without", async () => {
		watch(orders.publish([], { end: true, idempotencyKey: "a" }));
		watch(orders.publish({ data: 1 }, { end: false, idempotencyKey: "b" }));
		expect((await connection(0)).sent).toEqual([
			{ ref: 0, events: [], idempotencyKey: "a", end: true },
			{ ref: 1, events: [{ data: 1 }], idempotencyKey: "b" },
		]);
	});

	it.each([-1, 1001, 0.5, Number.NaN, "5"])("throws at once for a time to linger that is none: %s", (linger) => {
		const publisher = createPublisher({ url: "https://events.example.com", key: KEY });
		const options = { linger: linger as number, WebSocket: FakeSocket };
		expect(() => publisher.channel("orders", options)).toThrow("`linger` must be a whole number");
	});

	it("sends without waiting for answers, and resolves each publish with its receipt", async () => {
		const publishes = [orders.publish({ data: 1 }), orders.publish([{ data: 2 }, { data: 3 }], { ifHead: "7" })];
		const socket = await connection(0);
		expect(socket.sent).toEqual([
			{ ref: 0, events: [{ data: 1 }], idempotencyKey: expect.any(String) },
			{ ref: 1, events: [{ data: 2 }, { data: 3 }], idempotencyKey: expect.any(String), ifHead: "7" },
		]);
		expect(socket.sent[0]?.idempotencyKey).not.toBe(socket.sent[1]?.idempotencyKey);
		socket.store(0, "1");
		socket.store(1, "2", "3");
		expect(await Promise.all(publishes)).toEqual([
			{ channel: "chat:1", ids: ["1"], subscribers: 0 },
			{ channel: "chat:1", ids: ["2", "3"], subscribers: 0 },
		]);
	});

	it("lets no more than 1,024 wait for their answers", async () => {
		for (let index = 0; index < 1030; index += 1) watch(orders.publish({ data: index }));
		const socket = await connection(0);
		expect(socket.sent).toHaveLength(1024);
		for (const ref of [0, 1]) socket.store(ref, "1");
		expect(socket.sent).toHaveLength(1026);
	});

	it("lets no more than 4 MB wait for their answers", async () => {
		for (let index = 0; index < 5; index += 1) watch(orders.publish({ data: "x".repeat(1_000_000) }));
		const socket = await connection(0);
		expect(socket.sent).toHaveLength(4);
		socket.store(0, "1");
		expect(socket.sent).toHaveLength(5);
	});

	it("refuses what alone is more than that", async () => {
		const events = Array(5).fill({ data: "x".repeat(1_000_000) });
		await expect(orders.publish(events)).rejects.toMatchObject({ code: "payload_too_large", isTemporary: false });
		expect(FakeSocket.all).toEqual([]);
	});

	it("refuses what JSON cannot hold, and sends nothing", async () => {
		await expect(orders.publish({ data: new Map() })).rejects.toThrow("`data` is an instance of Map");
		await expect(orders.publish([{ data: 1 }, { data: 1n }])).rejects.toThrow("Event 1 of the batch: `data` is");
		expect(FakeSocket.all).toEqual([]);
	});

	it("rejects what the service refuses, and goes on with the rest", async () => {
		const [first, second] = [watch(orders.publish({ data: 1 })), watch(orders.publish({ data: 2 }))];
		const socket = await connection(0);
		socket.refuse(0, 412, "head_moved");
		socket.store(1, "2");
		await settle();
		expect(first.error).toBeInstanceOf(TidingsError);
		expect(first.error).toMatchObject({ status: 412, code: "head_moved", message: "No." });
		expect(second.value).toMatchObject({ ids: ["2"] });
	});

	it("rejects what the service could not read, and sends what comes after it again", async () => {
		const [first, second] = [watch(orders.publish({ data: 1 })), watch(orders.publish({ data: 2 }))];
		const socket = await connection(0);
		socket.refuse(null, 413, "payload_too_large");
		socket.happen("close", { code: 4400, reason: "payload_too_large" });
		await settle();
		expect(first.error).toMatchObject({ code: "payload_too_large" });
		await vi.advanceTimersByTimeAsync(250);
		const again = await connection(1);
		again.store(1, "2");
		await settle();
		expect(second.value).toMatchObject({ ids: ["2"] });
	});
});

describe("after a break", () => {
	it("everything that was not answered is sent again, in order, under the same keys", async () => {
		const outcomes = [1, 2, 3].map((data) => watch(orders.publish({ data })));
		const socket = await connection(0);
		socket.store(0, "1");
		socket.happen("close", { code: 1006, reason: "" });
		outcomes.push(watch(orders.publish({ data: 4 })));
		await vi.advanceTimersByTimeAsync(250);
		const again = await connection(1);
		expect(again.sent.map(({ ref }) => ref)).toEqual([1, 2, 3]);
		expect(again.sent.slice(0, 2)).toEqual(socket.sent.slice(1));
		for (const ref of [1, 2, 3]) again.store(ref, `${ref}`);
		await settle();
		expect(outcomes.map(({ value }) => value)).toMatchObject([1, 1, 2, 3].map((id) => ({ ids: [`${id}`] })));
	});

	it("answers that still come over the old connection count for nothing", async () => {
		const outcome = watch(orders.publish({ data: 1 }));
		const socket = await connection(0);
		socket.happen("error");
		await settle();
		socket.store(0, "9");
		await vi.advanceTimersByTimeAsync(250);
		(await connection(1)).store(0, "1");
		await settle();
		expect(outcome.value).toMatchObject({ ids: ["1"] });
	});

	it("nothing happens until something is to be published", async () => {
		const first = orders.publish({ data: 1 });
		const socket = await connection(0);
		socket.store(0, "1");
		await first;
		socket.happen("close", { code: 1012, reason: "" });
		await vi.advanceTimersByTimeAsync(60_000);
		expect(FakeSocket.all).toHaveLength(1);
		const second = watch(orders.publish({ data: 2 }));
		(await connection(1)).store(1, "2");
		await settle();
		expect(second.value).toMatchObject({ ids: ["2"] });
	});

	it("a service that says it failed is left, and gets the rest in order", async () => {
		for (const data of [1, 2]) watch(orders.publish({ data }));
		const socket = await connection(0);
		socket.refuse(0, 503, "channel_unavailable");
		await settle();
		expect(socket.closedWith).toBeDefined();
		await vi.advanceTimersByTimeAsync(250);
		expect((await connection(1)).sent.map(({ ref }) => ref)).toEqual([0, 1]);
	});

	it("it is given up after five attempts that came to nothing, and a later publish tries anew", async () => {
		const outcome = watch(orders.publish({ data: 1 }));
		for (let attempt = 0; attempt < 5; attempt += 1) {
			(await connection(attempt)).happen("close", { code: 1006, reason: "" });
			await settle();
			await vi.advanceTimersByTimeAsync(2000);
		}
		expect(outcome.error).toBeInstanceOf(TypeError);
		expect(FakeSocket.all).toHaveLength(5);
		const later = watch(orders.publish({ data: 2 }));
		(await connection(5)).store(1, "2");
		await settle();
		expect(later.value).toMatchObject({ ids: ["2"] });
	});
});

describe("a connection", () => {
	it.each(["token_expired", "revoked"])("that the service ends with 4401, %s, is the last", async (reason) => {
		const outcome = watch(orders.publish({ data: 1 }));
		(await connection(0)).happen("close", { code: 4401, reason });
		await settle();
		expect(outcome.error).toMatchObject({ status: 401, code: reason, isTemporary: false });
		await expect(orders.publish({ data: 2 })).rejects.toMatchObject({ code: reason });
		await vi.advanceTimersByTimeAsync(60_000);
		expect(FakeSocket.all).toHaveLength(1);
	});

	it.each([
		["no JSON", "hello"],
		["binary", new ArrayBuffer(1)],
		["of another number", '{"ref":7,"ids":["1"],"subscribers":0}'],
		["of another number of ids", '{"ref":0,"ids":["1","2"],"subscribers":0}'],
		["of ids that are numbers", '{"ref":0,"ids":[1],"subscribers":0}'],
		["without a count", '{"ref":0,"ids":["1"]}'],
		["an error without a status", '{"ref":0,"code":"x"}'],
	])("is left when an answer is none of the service's: it is %s", async (_, data) => {
		const outcome = watch(orders.publish({ data: 1 }));
		const socket = await connection(0);
		socket.happen("message", { data });
		await settle();
		expect(socket.closedWith).toBeDefined();
		await vi.advanceTimersByTimeAsync(250);
		(await connection(1)).store(0, "1");
		await settle();
		expect(outcome.value).toMatchObject({ ids: ["1"] });
	});

	it("is left when it answers nothing for 30 seconds, though something is due", async () => {
		watch(orders.publish({ data: 1 }));
		const socket = await connection(0);
		await vi.advanceTimersByTimeAsync(29_999);
		expect(socket.closedWith).toBeUndefined();
		await vi.advanceTimersByTimeAsync(1);
		expect(socket.closedWith).toBeDefined();
		await vi.advanceTimersByTimeAsync(250);
		expect((await connection(1)).sent).toHaveLength(1);
	});

	it("that does not open says why, as a plain request is told", async () => {
		const asked: unknown[] = [];
		vi.stubGlobal("fetch", async (url: URL, { headers }: RequestInit) => {
			asked.push([url.href, headers]);
			const init = { status: 403, headers: { "Content-Type": "application/problem+json" } };
			return new Response('{"code":"insufficient_scope","detail":"Not this channel."}', init);
		});
		const refused = orders.publish({ data: 1 });
		FakeSocket.all[0]?.happen("error");
		const error = { status: 403, code: "insufficient_scope", message: "Not this channel." };
		await expect(refused).rejects.toMatchObject(error);
		expect(asked).toEqual([
			["https://events.example.com/sse/channels/chat%3A1/publish?a=1&linger=5", { Authorization: `Bearer ${KEY}` }],
		]);
	});
});

describe("a publish whose signal is aborted", () => {
	it("is not sent if it was not yet", async () => {
		const abort = new AbortController();
		const outcome = watch(orders.publish({ data: 1 }, { signal: abort.signal }));
		watch(orders.publish({ data: 2 }));
		abort.abort(new Error("never mind"));
		await settle();
		expect(outcome.error).toEqual(new Error("never mind"));
		expect((await connection(0)).sent.map(({ ref }) => ref)).toEqual([1]);
		await expect(orders.publish({ data: 3 }, { signal: abort.signal })).rejects.toThrow("never mind");
	});

	it("is not sent again if it was, and keeps its place until it is answered", async () => {
		const abort = new AbortController();
		watch(orders.publish({ data: 1 }, { signal: abort.signal }));
		const second = watch(orders.publish({ data: 2 }));
		const socket = await connection(0);
		abort.abort();
		socket.store(0, "1");
		socket.store(1, "2");
		await settle();
		expect(second.value).toMatchObject({ ids: ["2"] });
		const other = new AbortController();
		watch(orders.publish({ data: 3 }, { signal: other.signal }));
		other.abort();
		watch(orders.publish({ data: 4 }));
		socket.happen("close", { code: 1006, reason: "" });
		await vi.advanceTimersByTimeAsync(250);
		expect((await connection(1)).sent.map(({ ref }) => ref)).toEqual([3]);
	});
});

describe("close", () => {
	it("waits for the answers, closes the connection, and lets nothing more be published", async () => {
		const outcome = watch(orders.publish({ data: 1 }));
		const socket = await connection(0);
		const closed = watch(orders.close().then(() => "closed"));
		await expect(orders.publish({ data: 2 })).rejects.toThrow("was closed");
		await settle();
		expect([closed.value, socket.closedWith]).toEqual([undefined, undefined]);
		socket.store(0, "1");
		await settle();
		expect(outcome.value).toMatchObject({ ids: ["1"] });
		expect([closed.value, socket.closedWith]).toEqual(["closed", 1000]);
		await vi.advanceTimersByTimeAsync(60_000);
		expect(FakeSocket.all).toHaveLength(1);
	});

	it("is what the end of an `await using` block does", async () => {
		await orders[Symbol.asyncDispose]();
		await expect(orders.publish({ data: 1 })).rejects.toThrow("was closed");
		expect(FakeSocket.all).toEqual([]);
	});
});
