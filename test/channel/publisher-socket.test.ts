import { beforeEach, describe, expect, it } from "vitest";
import { PublisherSocket } from "../../src/channel/publisher-socket.ts";
import type { Publish } from "../../src/channel/publishing.ts";
import { Unanswered } from "../../src/channel/unanswered.ts";
import { Logger } from "../../src/logger.ts";
import type { RateLimitEnv } from "../../src/rate-limit.ts";
import { MessageReader } from "../support/message-reader.ts";

const OWN = { messages: 1024, characters: 4_194_304 };

let submitted: Publish[];
let client: MessageReader;
let ended: [code: number, reason: string][];

beforeEach(() => {
	submitted = [];
	ended = [];
});

interface Options {
	env?: RateLimitEnv;
	all?: Unanswered;
	user?: string;
}

/** A publisher whose publishes are stored when the test says so. */
function open({ env = {}, all = new Unanswered(OWN), user }: Options = {}): PublisherSocket {
	const [theirs, socket] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
	theirs.accept();
	socket.accept();
	client = new MessageReader(theirs);
	const who = user === undefined ? { key: "key:1" } : { user };
	return new PublisherSocket({
		socket,
		persisted: { publisher: { ...who, linger: 0, request: "r" }, openedAt: 0, messages: 0, events: 0 },
		env,
		maxEventBytes: 65_536,
		logger: new Logger({}),
		own: new Unanswered(OWN),
		all,
		submit: (publishes) => void submitted.push(...publishes),
		persist: () => undefined,
		stored: () => undefined,
		ended: (code, reason) => void ended.push([code, reason]),
	});
}

function message(ref: number, more: object = {}): string {
	return JSON.stringify({ ref, events: [{ data: ref }], ...more });
}

/** Answers the publishes that wait, as the channel does once they are on disk. */
function store(): void {
	for (const { resolve } of submitted.splice(0)) {
		resolve({ ok: true, receipt: { channel: "orders", ids: ["1"], subscribers: 0 }, replayed: false });
	}
}

/** Waits until so many publishes were submitted. */
async function submission(count: number): Promise<void> {
	await expect.poll(() => submitted.length).toBe(count);
}

describe("answers", () => {
	it("come in the order of arrival, also when a later message is refused at once", async () => {
		const publisher = open();
		publisher.receive(message(1));
		publisher.receive('{"ref":2,"events":[]}');
		publisher.receive(message(3));
		expect(submitted).toHaveLength(2);
		store();
		expect(await client.take(3)).toMatchObject([{ ref: 1, ids: ["1"] }, { ref: 2, code: "invalid_event" }, { ref: 3 }]);
	});

	it("come although the channel fails, and say that the publish may be repeated", async () => {
		const publisher = open();
		publisher.receive(message(1));
		submitted[0]?.reject(new Error("The disk is full."));
		expect(await client.next()).toMatchObject({ ref: 1, code: "channel_unavailable", status: 503 });
	});
});

describe("messages", () => {
	it("are published in the order of arrival, also when the digest of an earlier one takes time", async () => {
		const publisher = open();
		publisher.receive(message(1, { idempotencyKey: "k" }));
		publisher.receive(message(2));
		await submission(2);
		expect(submitted.map(({ request }) => request.events[0]?.data)).toEqual(["1", "2"]);
		expect(submitted[0]?.request.idempotency).toMatchObject({
			key: "k",
			digest: expect.stringMatching(/^[\da-f]{64}$/),
		});
	});

	it("have idempotency keys of the user's own", async () => {
		open({ user: "alice" }).receive(message(1, { idempotencyKey: "k" }));
		await submission(1);
		expect(submitted[0]?.request.idempotency?.key).toBe("k alice");
	});

	it("are counted one by one where publishing is limited, and answered in order when that is too often", async () => {
		const counted: string[] = [];
		const limit = async ({ key }: RateLimitOptions) => ({ success: counted.push(key) !== 2 });
		const publisher = open({ env: { PUBLISH_RATE_LIMIT: { limit } }, user: "alice" });
		for (const ref of [1, 2, 3]) publisher.receive(message(ref));
		await submission(2);
		store();
		expect(await client.take(3)).toMatchObject([
			{ ref: 1, ids: ["1"] },
			{ ref: 2, code: "rate_limited", status: 429 },
			{ ref: 3, ids: ["1"] },
		]);
		expect(counted).toEqual(["user:alice", "user:alice", "user:alice"]);
	});

	it("are refused while too many of all publishers wait", async () => {
		const all = new Unanswered({ messages: 1, characters: 1000 });
		const publisher = open({ all });
		for (const ref of [1, 2]) publisher.receive(message(ref));
		store();
		publisher.receive(message(3));
		store();
		expect(await client.take(3)).toMatchObject([{ ids: ["1"] }, { ref: 2, code: "rate_limited" }, { ids: ["1"] }]);
	});
});

describe("the end", () => {
	it("comes with more than 1,024 messages that are not answered, once these are", async () => {
		const publisher = open();
		for (let ref = 1; ref <= 1024; ref += 1) publisher.receive(message(ref));
		expect(ended).toEqual([]);
		for (const ref of [1025, 1026]) publisher.receive(message(ref));
		expect(submitted).toHaveLength(1024);
		expect(ended).toEqual([]);
		store();
		expect(ended).toEqual([[1013, "rate_limited"]]);
		expect(await client.take(1024)).toHaveLength(1024);
	});

	it("does not come while messages are answered", () => {
		const publisher = open();
		for (let ref = 1; ref <= 3000; ref += 1) {
			publisher.receive(message(ref));
			if (ref % 1000 === 0) store();
		}
		expect(ended).toEqual([]);
	});

	it("comes with more than 4 MB that is not answered", () => {
		const publisher = open();
		const events = Array(32).fill({ data: "x".repeat(65_000) });
		for (const ref of [1, 2]) publisher.receive(JSON.stringify({ ref, events }));
		expect(ended).toEqual([]);
		publisher.receive(JSON.stringify({ ref: 3, events }));
		store();
		expect(ended).toEqual([[1013, "rate_limited"]]);
	});

	it.each([
		["is no JSON", "hello", "invalid_request"],
		["has no `ref`", '{"events":[{"data":1}]}', "invalid_request"],
		["is binary", new ArrayBuffer(8), "invalid_request"],
		["is larger than a body may be", "x".repeat(16_777_217), "payload_too_large"],
	])("comes with a message that %s, and says so after the answers to those before", async (_, data, code) => {
		const publisher = open();
		publisher.receive(message(1));
		publisher.receive(data);
		publisher.receive(message(2));
		store();
		expect(await client.take(2)).toMatchObject([
			{ ref: 1, ids: ["1"] },
			{ ref: null, code },
		]);
		expect(ended).toEqual([[4400, code]]);
	});

	it("waits for what came before it", async () => {
		const publisher = open();
		publisher.receive(message(1, { idempotencyKey: "k" }));
		publisher.end(4401, "token_expired");
		await submission(1);
		expect(ended).toEqual([]);
		store();
		expect(ended).toEqual([[4401, "token_expired"]]);
	});

	it("comes once", () => {
		const publisher = open();
		publisher.end(4401, "revoked");
		publisher.end(1000, "");
		expect(ended).toEqual([[4401, "revoked"]]);
	});
});
