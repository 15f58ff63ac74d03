import { beforeAll, describe, expect, it } from "vitest";
import { readUntil } from "../support/sse.ts";
import {
	administer,
	call,
	freshChannel,
	newUser,
	open,
	PUBLISH_KEY,
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

function send(channel: string, contentType: string | undefined, body: BodyInit, query = ""): Promise<Response> {
	const headers = new Headers({ Authorization: `Bearer ${PUBLISH_KEY}` });
	if (contentType !== undefined) headers.set("Content-Type", contentType);
	return call(`/channels/${channel}/events${query}`, { method: "POST", headers, body });
}

async function buffered(channel: string): Promise<{ type: string; data: unknown }[]> {
	const response = await administer("GET", `/channels/${channel}/events`);
	const events = (await response.json()) as { type: string; data: unknown }[];
	return events.map(({ type, data }) => ({ type, data }));
}

describe("POST /channels/{channel}/events", () => {
	it("answers with where the event stands and how many streams were open", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		const response = await publish(channel, { type: "order", data: { id: 7 } });
		expect(response.status).toBe(201);
		expect(await response.json()).toEqual({ channel, ids: [expect.stringMatching(/^\d{16}$/)], subscribers: 1 });
		await stream.close();
	});

	it("gives a batch contiguous ids", async () => {
		const ids = await published(freshChannel(), [{ data: 1 }, { data: 2 }, { data: 3 }]);
		expect(ids.map((id) => Number(id) - Number(ids[0]))).toEqual([0, 1, 2]);
	});

	it.each([
		["JSON", "application/json", '{"type":"t","data":{"a":[1, null]}}', [{ type: "t", data: { a: [1, null] } }]],
		["JSON of any kind", "application/json", '{"data":null}', [{ type: "message", data: null }]],
		["a form", "application/x-www-form-urlencoded", "type=t&data=a%26b", [{ type: "t", data: "a&b" }]],
		["text", "text/plain;charset=UTF-8", "héllo\nwörld", [{ type: "message", data: "héllo\nwörld" }]],
		[
			"an event stream",
			"text/event-stream",
			": comment\nevent: t\nid: 99\ndata: 1\ndata: 2\n\nretry: 5\ndata: {}\n",
			[
				{ type: "t", data: "1\n2" },
				{ type: "message", data: "{}" },
			],
		],
	])("takes %s", async (_, contentType, body, events) => {
		const channel = freshChannel();
		expect((await send(channel, contentType, body)).status).toBe(201);
		expect(await buffered(channel)).toEqual(events);
	});

	it("takes a body whose coding is `identity`", async () => {
		const headers = { "Content-Encoding": "identity" };
		expect((await publish(freshChannel(), { data: 1 }, headers)).status).toBe(201);
	});

	it("takes the type of a text from the query", async () => {
		const channel = freshChannel();
		await send(channel, "text/plain", "hello", "?type=greeting");
		expect(await buffered(channel)).toEqual([{ type: "greeting", data: "hello" }]);
	});

	it("addresses a form to its `user`", async () => {
		const channel = freshChannel();
		await send(channel, "application/x-www-form-urlencoded", "data=secret&user=somebody-else");
		await published(channel, { data: "open" });
		const stream = await subscribe(`/events?channel=${channel}&rewind=all`, alice);
		await stream.expect("connected");
		expect((await stream.next()).data).toBe("open");
		await stream.close();
	});

	it("hands the `retry` of a frame on", async () => {
		const channel = freshChannel();
		await send(channel, "text/event-stream", "retry: 1234\ndata: x\n\ndata: y\n\n");
		const response = await open(`/events?channel=${channel}&rewind=all`, alice);
		const text = await readUntil(response, "data: y");
		expect(text.match(/retry: 1234/g)).toHaveLength(1);
	});
});

describe("Idempotency-Key", () => {
	it("answers a repeat as the first time, and stores nothing", async () => {
		const channel = freshChannel();
		const headers = { "Idempotency-Key": "order-7" };
		const first = await publish(channel, { data: 1 }, headers);
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		const second = await publish(channel, { data: 1 }, headers);
		expect(first.headers.get("Idempotent-Replayed")).toBeNull();
		expect(second.headers.get("Idempotent-Replayed")).toBe("true");
		expect(second.status).toBe(201);
		expect(await second.json()).toEqual(await first.json());
		expect(await buffered(channel)).toHaveLength(1);
		await stream.close();
	});

	it("lets one of two through that arrive at once", async () => {
		const channel = freshChannel();
		const headers = { "Idempotency-Key": "k" };
		const answers = await Promise.all(Array.from({ length: 5 }, () => publish(channel, { data: 1 }, headers)));
		const bodies = await Promise.all(answers.map((answer) => answer.text()));
		expect(new Set(bodies).size).toBe(1);
		expect(answers.filter((answer) => answer.headers.get("Idempotent-Replayed") === null)).toHaveLength(1);
		expect(await buffered(channel)).toHaveLength(1);
	});

	it("refuses the same key with other events", async () => {
		const channel = freshChannel();
		const headers = { "Idempotency-Key": "k" };
		await publish(channel, { data: 1 }, headers);
		const response = await publish(channel, { data: 2 }, headers);
		expect(await problem(response)).toMatchObject({ status: 422, code: "idempotency_mismatch" });
	});

	it.each([
		["empty", ""],
		["too long", "k".repeat(129)],
		["not of visible ASCII", "a b"],
	])("refuses a key that is %s", async (_, key) => {
		const response = await publish(freshChannel(), { data: 1 }, { "Idempotency-Key": key });
		expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
	});
});

describe("If-Match", () => {
	it("lets a publish through only while the named event is the head", async () => {
		const channel = freshChannel();
		const [head] = await published(channel, { data: 1 });
		expect((await publish(channel, { data: 2 }, { "If-Match": `"${head}"` })).status).toBe(201);
		const late = await publish(channel, { data: 3 }, { "If-Match": `"${head}"` });
		expect(await problem(late)).toMatchObject({ status: 412, code: "head_moved" });
		expect(await buffered(channel)).toHaveLength(2);
	});

	it("lets one of many through that race for the same head", async () => {
		const channel = freshChannel();
		const [head] = await published(channel, { data: 0 });
		const answers = await Promise.all(
			Array.from({ length: 5 }, (_, index) => publish(channel, { data: index }, { "If-Match": `"${head}"` })),
		);
		expect(answers.map(({ status }) => status).sort()).toEqual([201, 412, 412, 412, 412]);
	});

	it.each(["*", "abc", '"abc"', 'W/"1"', '"1", "2"'])("refuses %s, which is no id in quotes", async (value) => {
		const response = await publish(freshChannel(), { data: 1 }, { "If-Match": value });
		expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
	});
});
