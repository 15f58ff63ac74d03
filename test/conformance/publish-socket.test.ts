import { beforeAll, describe, expect, it } from "vitest";
import {
	administer,
	freshChannel,
	newUser,
	openPublisher,
	openSocket,
	problem,
	publish,
	published,
	subscribe,
	type User,
} from "./support/service.ts";

let alice: User;

beforeAll(async () => {
	alice = await newUser("alice");
});

interface Answer {
	ref: number;
	ids: string[];
	subscribers: number;
}

async function buffered(channel: string): Promise<{ type: string; data: unknown }[]> {
	const response = await administer("GET", `/channels/${channel}/events`);
	const events = (await response.json()) as { type: string; data: unknown }[];
	return events.map(({ type, data }) => ({ type, data }));
}

describe("GET /channels/{channel}/publish", () => {
	it("answers with where the events stand and how many streams were open, once they are stored", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		await stream.expect("connected");
		const socket = await openPublisher(channel);
		socket.send({ ref: 7, events: [{ type: "order", data: { id: 7 } }, { data: "two" }] });
		const answer = (await socket.next()) as Answer;
		expect(answer).toEqual({ ref: 7, ids: [expect.stringMatching(/^\d{16}$/), expect.any(String)], subscribers: 1 });
		expect(Number(answer.ids[1])).toBe(Number(answer.ids[0]) + 1);
		expect(await stream.expect("order")).toMatchObject({ id: answer.ids[0], data: { id: 7 } });
		expect(await stream.next()).toMatchObject({ id: answer.ids[1], data: "two" });
		socket.close();
		await stream.close();
	});

	it("takes whole numbers of either sign as `ref`, also one that is used again", async () => {
		const socket = await openPublisher(freshChannel());
		const refs = [0, -5, 9_007_199_254_740_991, 0];
		for (const ref of refs) socket.send({ ref, events: [{ data: ref }] });
		expect(((await socket.take(4)) as Answer[]).map(({ ref }) => ref)).toEqual(refs);
		socket.close();
	});

	it("stores and answers messages in the order in which they come", async () => {
		const channel = freshChannel();
		const socket = await openPublisher(channel);
		for (let ref = 0; ref < 50; ref += 1) {
			const key = ref % 3 === 0 ? { idempotencyKey: `k-${ref}` } : {};
			socket.send({ ref, events: [{ data: ref }], ...key });
			socket.send({ ref: ref + 1000, events: [{ data: 1, nonsense: ref }] });
		}
		const answers = (await socket.take(100)) as (Answer & { code?: string })[];
		expect(answers.map(({ ref }) => ref)).toEqual(Array.from({ length: 50 }, (_, ref) => [ref, ref + 1000]).flat());
		expect(answers.filter(({ code }) => code === "invalid_event")).toHaveLength(50);
		expect((await buffered(channel)).map(({ data }) => data)).toEqual(Array.from({ length: 50 }, (_, ref) => ref));
		socket.close();
	});

	it("keeps data as it was written", async () => {
		const channel = freshChannel();
		const socket = await openPublisher(channel);
		socket.send('{"ref":1,"events":[{"data":{"b":1.0,"a":1e400,"a":-0}}]}');
		await socket.next();
		expect(await (await administer("GET", `/channels/${channel}/events`)).text()).toContain(
			'"data":{"b":1.0,"a":1e400,"a":-0}',
		);
		socket.close();
	});

	it("addresses events as POST does", async () => {
		const channel = freshChannel();
		const socket = await openPublisher(channel);
		const client = await openSocket(alice, { channels: [channel] });
		await client.next();
		socket.send({ ref: 1, events: [{ data: "secret", to: { user: "somebody-else" } }, { data: "open" }] });
		expect(await client.next()).toMatchObject({ data: "open" });
		client.close();
		socket.close();
	});

	it("lets several publishers publish at once", async () => {
		const channel = freshChannel();
		const sockets = await Promise.all([1, 2, 3].map(() => openPublisher(channel)));
		for (const socket of sockets) for (let ref = 1; ref <= 10; ref += 1) socket.send({ ref, events: [{ data: ref }] });
		const answers = (await Promise.all(sockets.map((socket) => socket.take(10)))) as Answer[][];
		for (const each of answers) expect(each.map(({ ref }) => ref)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
		expect(new Set(answers.flat().flatMap(({ ids }) => ids)).size).toBe(30);
		for (const socket of sockets) socket.close();
	});

	it("asks for a WebSocket", async () => {
		const response = await administer("GET", `/channels/${freshChannel()}/publish`);
		expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
	});
});

describe("a message that is refused", () => {
	const event = { data: 1 };
	it.each([
		["has no events", {}, 400, "invalid_request"],
		["has an empty list of events", { events: [] }, 400, "invalid_event"],
		["has more than 100", { events: Array(101).fill(event) }, 400, "invalid_event"],
		["has an event without data", { events: [event, { type: "t" }] }, 400, "invalid_event"],
		["has an event of a reserved type", { events: [{ ...event, type: "gap" }] }, 400, "invalid_event"],
		["has an unknown field", { events: [event], more: 1 }, 400, "invalid_request"],
		["has an idempotency key that is none", { events: [event], idempotencyKey: "" }, 400, "invalid_request"],
		["names a head that is none", { events: [event], ifHead: "yesterday" }, 400, "invalid_request"],
		["names a head that has moved", { events: [event], ifHead: "1" }, 412, "head_moved"],
	])("because it %s gets its code, and the next one goes through", async (_, fields, status, code) => {
		const channel = freshChannel();
		const socket = await openPublisher(channel);
		socket.send({ ref: 1, ...fields });
		expect(await socket.next()).toEqual({ ref: 1, status, code, detail: expect.any(String) });
		socket.send({ ref: 2, events: [event] });
		expect(await socket.next()).toMatchObject({ ref: 2, ids: [expect.any(String)] });
		expect(await buffered(channel)).toHaveLength(1);
		socket.close();
	});

	it.each([
		["is no JSON", "hello"],
		["is no object", "[]"],
		["has no `ref`", { events: [event] }],
		["has a `ref` that is no number", { ref: "1", events: [event] }],
		["has a `ref` that is no whole number", { ref: 0.5, events: [event] }],
	])("because it %s gets an answer without a number, and the connection ends", async (_, message) => {
		const socket = await openPublisher(freshChannel());
		socket.send(message);
		expect(await socket.next()).toMatchObject({ ref: null, status: 400, code: "invalid_request" });
		expect([await socket.closed(), socket.closeReason]).toEqual([4400, "invalid_request"]);
	});

	it("because it is binary ends the connection", async () => {
		const socket = await openPublisher(freshChannel());
		socket.sendBytes(new Uint8Array([123, 125]));
		expect(await socket.next()).toMatchObject({ ref: null, code: "invalid_request" });
		expect(await socket.closed()).toBe(4400);
	});
});

describe("`idempotencyKey`", () => {
	const events = [{ type: "order", data: { id: 7 } }];

	it("answers a repeat as the first time, over any connection and with POST, and stores nothing", async () => {
		const channel = freshChannel();
		const [first, second] = [await openPublisher(channel), await openPublisher(channel)];
		first.send({ ref: 1, events, idempotencyKey: "k" });
		const { ids } = (await first.next()) as Answer;
		second.send({ ref: 2, events, idempotencyKey: "k" });
		expect(await second.next()).toEqual({ ref: 2, ids, subscribers: 0 });
		const posted = await publish(channel, events, { "Idempotency-Key": "k" });
		expect(posted.headers.get("Idempotent-Replayed")).toBe("true");
		expect(await posted.json()).toMatchObject({ ids });
		expect(await buffered(channel)).toHaveLength(1);
		first.close();
		second.close();
	});

	it("repeats what was published with POST", async () => {
		const channel = freshChannel();
		const posted = (await (await publish(channel, events[0], { "Idempotency-Key": "k" })).json()) as Answer;
		const socket = await openPublisher(channel);
		socket.send({ ref: 1, events, idempotencyKey: "k" });
		expect(await socket.next()).toEqual({ ref: 1, ids: posted.ids, subscribers: posted.subscribers });
		socket.close();
	});

	it("is refused with other events", async () => {
		const channel = freshChannel();
		const socket = await openPublisher(channel);
		socket.send({ ref: 1, events, idempotencyKey: "k" });
		socket.send({ ref: 2, events: [{ data: "other" }], idempotencyKey: "k" });
		expect((await socket.take(2))[1]).toMatchObject({ ref: 2, status: 422, code: "idempotency_mismatch" });
		socket.close();
	});
});

describe("`ifHead`", () => {
	it("lets a message through only while that is the channel's head", async () => {
		const channel = freshChannel();
		const [head] = await published(channel, { data: 1 });
		const socket = await openPublisher(channel);
		for (const ref of [1, 2]) socket.send({ ref, events: [{ data: ref }], ifHead: head });
		expect(await socket.take(2)).toMatchObject([
			{ ref: 1, ids: [expect.any(String)] },
			{ ref: 2, code: "head_moved" },
		]);
		expect(await buffered(channel)).toHaveLength(2);
		socket.close();
	});
});

describe("messages that are not answered", () => {
	it("may be 1,024 at a time; with more the connection ends, once those are answered", async () => {
		const channel = freshChannel();
		const socket = await openPublisher(channel, "?linger=1000");
		for (let ref = 1; ref <= 1030; ref += 1) socket.send({ ref, events: [{ data: ref }] });
		const answers = (await socket.take(1024)) as Answer[];
		expect(answers.map(({ ref }) => ref)).toEqual(Array.from({ length: 1024 }, (_, index) => index + 1));
		expect([await socket.closed(), socket.closeReason]).toEqual([1013, "rate_limited"]);
		expect(Number(answers[1023]?.ids[0])).toBe(Number(answers[0]?.ids[0]) + 1023);
	});

	it("may have 4 MB; with more the connection ends", async () => {
		const socket = await openPublisher(freshChannel(), "?linger=1000");
		const events = Array(20).fill({ data: "x".repeat(50_000) });
		for (let ref = 1; ref <= 5; ref += 1) socket.send({ ref, events });
		expect(((await socket.take(4)) as Answer[]).map(({ ref }) => ref)).toEqual([1, 2, 3, 4]);
		expect(await socket.closed()).toBe(1013);
	});

	it("are shown together when they linger, and no later than that", async () => {
		const channel = freshChannel();
		const socket = await openPublisher(channel, "?linger=300");
		const from = performance.now();
		socket.send({ ref: 1, events: [{ data: 1 }] });
		await socket.next();
		expect(performance.now() - from).toBeGreaterThan(290);
		socket.close();
	});
});
