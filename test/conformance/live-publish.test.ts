import { beforeAll, describe, expect, it } from "vitest";
import { Producer } from "../support/producer.ts";
import {
	administer,
	call,
	freshChannel,
	newUser,
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

const SSE = "text/event-stream";
const NDJSON = "application/x-ndjson";

interface Options {
	type?: string;
	query?: string;
	headers?: Record<string, string>;
}

function send(
	channel: string,
	body: BodyInit,
	{ type = SSE, query = "", headers = {} }: Options = {},
): Promise<Response> {
	return call(`/channels/${channel}/events?live=1${query}`, {
		method: "POST",
		headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": type, ...headers },
		body,
		// Node asks for it where a body is sent as it comes into being.
		duplex: "half",
	} as RequestInit);
}

async function remembered(channel: string): Promise<unknown[]> {
	const events = (await (await administer("GET", `/channels/${channel}/events?limit=1000`)).json()) as {
		data: unknown;
	}[];
	return events.map(({ data }) => data);
}

/** The receipt of a live publish that must succeed. */
async function receipt(response: Promise<Response>) {
	const { status } = await response;
	const text = await (await response).text();
	if (status !== 201) throw new Error(`${status} ${text}`);
	return JSON.parse(text) as { channel: string; first: string; last: string; events: number; subscribers: number };
}

describe.each([
	[SSE, (data: string) => `data: ${data}\n\n`],
	[NDJSON, (data: string) => `{"data":"${data}"}\n`],
])("a live publish of %s", (type, frame) => {
	it("shows each event when it arrives, and is answered when its body ends", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		await stream.expect("connected");
		const producer = new Producer();
		const answer = receipt(send(channel, producer.body, { type }));
		const ids: unknown[] = [];
		for (const data of ["one", "two", "three"]) {
			await producer.write(frame(data));
			const { id, data: got } = await stream.next();
			expect(got).toBe(data);
			ids.push(id);
		}
		await producer.end();
		expect(await answer).toEqual({ channel, first: ids[0], last: ids[2], events: 3, subscribers: 1 });
		await stream.close();
	});

	it("stores what is cut at any byte, in its order", async () => {
		const channel = freshChannel();
		const producer = new Producer();
		const answer = receipt(send(channel, producer.body, { type }));
		const data = ["é", "😀 two", "three"];
		const bytes = new TextEncoder().encode(data.map(frame).join(""));
		for (const byte of bytes) await producer.write(Uint8Array.of(byte));
		await producer.end();
		expect(await answer).toMatchObject({ events: 3 });
		expect(await remembered(channel)).toEqual(data);
	});

	it("may have more events than a batch, with contiguous ids", async () => {
		const channel = freshChannel();
		const data = Array.from({ length: 5000 }, (_, index) => String(index));
		const { first, last, events } = await receipt(send(channel, data.map(frame).join(""), { type }));
		expect([events, Number(last) - Number(first)]).toEqual([5000, 4999]);
		expect((await remembered(channel)).at(-1)).toBe("4999");
	});

	it("stores what comes before an event that is refused, and says how many events that is", async () => {
		const channel = freshChannel();
		const body = `${frame("one")}${frame("two")}${type === SSE ? "event: closing\ndata: 3\n\n" : "nonsense\n"}${frame("four")}`;
		const response = await send(channel, body, { type });
		expect(await problem(response)).toMatchObject({
			status: 400,
			code: "invalid_event",
			detail: expect.stringContaining("Event 3 of the body"),
			stored: 2,
		});
		expect(await remembered(channel)).toEqual(["one", "two"]);
	});

	it("may be empty", async () => {
		const channel = freshChannel();
		expect(await receipt(send(channel, "", { type }))).toEqual({
			channel,
			first: null,
			last: null,
			events: 0,
			subscribers: 0,
		});
	});

	it("takes its last event without the line end, if the body ends as it should", async () => {
		const channel = freshChannel();
		await receipt(send(channel, (frame("one") + frame("two")).trimEnd(), { type }));
		expect(await remembered(channel)).toEqual(["one", "two"]);
	});

	it("is refused when an event is too large, though its end has not come", async () => {
		const channel = freshChannel();
		const producer = new Producer();
		const answer = send(channel, producer.body, { type });
		await producer.write(frame("one"));
		const endless = frame("x".repeat(1_000_000)).slice(0, -3);
		// Nobody reads what comes after the refusal.
		producer.write(endless).catch(() => undefined);
		expect(await problem(await answer)).toMatchObject({ status: 413, code: "payload_too_large", stored: 1 });
	});

	it("gets its refusal while it still sends", async () => {
		const body = `${frame("one")}event: closing\ndata: 2\n\n${frame("x".repeat(1000)).repeat(2000)}`;
		expect(await problem(await send(freshChannel(), body, { type }))).toMatchObject({ status: 400, stored: 1 });
	});
});

describe("a live publish", () => {
	it("keeps the numbers of JSON as they were written, and whom events are for", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		await stream.expect("connected");
		const lines = [
			'{"type":"secret","data":1,"to":{"user":"nobody"}}',
			'{"type":"t","data":{"n":1e400,"m":1.0},"retry":7}',
		];
		await receipt(send(channel, lines.join("\r\n"), { type: NDJSON }));
		expect(await stream.next()).toMatchObject({ event: "t", data: '{"n":1e400,"m":1.0}' });
		await stream.close();
	});

	it("is for a user's personal channel as well", async () => {
		const response = await call(`/users/${alice.name}/events?live=1`, {
			method: "POST",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": NDJSON },
			body: '{"data":1}',
		});
		expect(await response.json()).toMatchObject({ channel: alice.personal, events: 1 });
	});

	it("stores its first events only while the channel has the head that is asked for", async () => {
		const channel = freshChannel();
		const headers = { "If-Match": '"0"' };
		const producer = new Producer();
		const answer = receipt(send(channel, producer.body, { headers }));
		await producer.write("data: 1\n\n");
		await expect.poll(() => remembered(channel)).toEqual(["1"]);
		// The condition is for the beginning.
		await published(channel, { data: "2" });
		await producer.write("data: 3\n\n");
		await producer.end();
		expect(await answer).toMatchObject({ events: 2 });
		const refused = await send(channel, "data: 4\n\n", { headers });
		expect(await problem(refused)).toMatchObject({ status: 412, code: "head_moved", stored: 0 });
		expect(await remembered(channel)).toEqual(["1", "2", "3"]);
	});

	it("ends the channel with its body where that is asked for, and its readers are told after its events", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		await stream.expect("connected");
		const producer = new Producer();
		const answer = receipt(send(channel, producer.body, { query: "&end=1" }));
		await producer.write("data: 1\n\n");
		expect(await stream.next()).toMatchObject({ data: "1" });
		await producer.write("data: 2\n\n");
		await producer.end();
		expect(await answer).toMatchObject({ events: 2 });
		expect(await stream.next()).toMatchObject({ data: "2" });
		expect(await stream.expect("closing")).toMatchObject({ data: { reason: "ended", reconnect: false } });
		expect(await stream.rest()).toEqual([]);
	});

	it("without events may end the channel", async () => {
		const channel = freshChannel();
		await receipt(send(channel, "", { query: "&end=1" }));
		expect(await (await administer("GET", `/channels/${channel}`)).json()).toMatchObject({ ended: true });
	});

	it("does not end the channel with an event that is refused", async () => {
		const channel = freshChannel();
		await send(channel, "data: 1\n\nevent: gap\ndata: 2\n\n", { query: "&end=1" });
		expect(await (await administer("GET", `/channels/${channel}`)).json()).toMatchObject({ ended: false });
	});

	it("is refused at once by a channel that has ended, whether it brings an event or not, and ends or not", async () => {
		const channel = freshChannel();
		expect(await receipt(send(channel, "", { query: "&end=1" }))).toMatchObject({ events: 0 });
		for (const [body, query] of [
			["", ""],
			["data: 1\n\n", ""],
			["", "&end=1"],
		] as const) {
			const answer = await problem(await send(channel, body, { query }));
			expect(answer).toMatchObject({ status: 409, code: "channel_ended", stored: 0 });
		}
	});

	it("is refused once the channel has ended, and says what it had stored before", async () => {
		const channel = freshChannel();
		const producer = new Producer();
		const answer = send(channel, producer.body);
		await producer.write("data: 1\n\n");
		await expect.poll(() => remembered(channel)).toEqual(["1"]);
		await call(`/channels/${channel}/events?end=1`, {
			method: "POST",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
		});
		producer.write("data: 2\n\n").catch(() => undefined);
		expect(await problem(await answer)).toMatchObject({ status: 409, code: "channel_ended", stored: 1 });
	});

	it("lingers: events that come within the time are shown together", async () => {
		const channel = freshChannel();
		const producer = new Producer();
		const answer = receipt(send(channel, producer.body, { query: "&linger=1000" }));
		const from = performance.now();
		await producer.write("data: 1\n\n");
		await producer.write("data: 2\n\n");
		await expect.poll(() => remembered(channel), { timeout: 5000 }).toEqual(["1", "2"]);
		expect(performance.now() - from).toBeGreaterThan(900);
		// Nothing lingers when the body has ended.
		const again = performance.now();
		await producer.write("data: 3\n\n");
		await producer.end();
		await answer;
		expect(performance.now() - again).toBeLessThan(900);
	});

	it.each([
		["has another content type", "application/json", "", 415, "unsupported_media_type"],
		["has no content type", "", "", 415, "unsupported_media_type"],
		["has another charset", "text/event-stream; charset=latin1", "", 415, "unsupported_media_type"],
		["lingers too long", SSE, "&linger=1001", 400, "invalid_request"],
		["lingers for an empty time", SSE, "&linger=", 400, "invalid_request"],
		["is live twice", SSE, "&live=1", 400, "invalid_request"],
		["misspells a parameter", SSE, "&Linger=1", 400, "invalid_request"],
	])("is refused when it %s", async (_, type, query, status, code) => {
		expect(await problem(await send(freshChannel(), "data: 1\n\n", { type, query }))).toMatchObject({ status, code });
	});

	it("names the content types that it takes", async () => {
		const { detail } = await problem(await send(freshChannel(), "1", { type: "text/plain" }));
		expect(detail).toContain("text/event-stream, application/x-ndjson");
	});

	it("may have the charset UTF-8 in its content type", async () => {
		await receipt(send(freshChannel(), "data: 1\n\n", { type: "text/event-stream; charset=utf-8" }));
	});
});

describe("a live publish with an Idempotency-Key", () => {
	const key = { headers: { "Idempotency-Key": "k" } };
	const frames = (...data: unknown[]) => data.map((each) => `data: ${each}\n\n`).join("");

	async function replayed(response: Promise<Response>): Promise<[string | null, unknown]> {
		const headers = (await response).headers.get("Idempotent-Replayed");
		return [headers, await receipt(response)];
	}

	it("stores nothing when it is repeated, and gets the same answer, however its pieces come", async () => {
		const channel = freshChannel();
		const first = await replayed(send(channel, frames(1, 2, 3), key));
		expect(first[0]).toBeNull();
		const producer = new Producer();
		const again = replayed(send(channel, producer.body, key));
		for (const piece of frames(1, 2, 3)) await producer.write(piece);
		await producer.end();
		expect(await again).toEqual(["true", first[1]]);
		expect(await remembered(channel)).toEqual(["1", "2", "3"]);
	});

	it("stores the rest of what was refused or cut", async () => {
		const channel = freshChannel();
		const cut = await send(channel, `${frames(1, 2)}event: gap\n${frames(3)}`, key);
		expect(await problem(cut)).toMatchObject({ status: 400, stored: 2 });
		await published(channel, { data: "of somebody else" });
		const [again, { events, first, last }] = (await replayed(send(channel, frames(1, 2, 3, 4), key))) as [
			null,
			{ events: number; first: string; last: string },
		];
		expect([again, events, Number(last) - Number(first)]).toEqual([null, 4, 4]);
		expect(await remembered(channel)).toEqual(["1", "2", "of somebody else", "3", "4"]);
	});

	it("takes over from a request whose break was not noticed", async () => {
		const channel = freshChannel();
		const producer = new Producer();
		const former = send(channel, producer.body, key);
		await producer.write(frames(1, 2));
		await expect.poll(() => remembered(channel)).toEqual(["1", "2"]);
		expect(await receipt(send(channel, frames(1, 2, 3), key))).toMatchObject({ events: 3 });
		expect(await problem(await former)).toMatchObject({ code: "invalid_request", stored: 2 });
		expect(await remembered(channel)).toEqual(["1", "2", "3"]);
	});

	it("ends the channel once, though the answer was lost", async () => {
		const channel = freshChannel();
		const options = { ...key, query: "&end=1" };
		const [, first] = await replayed(send(channel, frames(1), options));
		expect(await replayed(send(channel, frames(1), options))).toEqual(["true", first]);
		expect(await problem(await send(channel, frames(1), { query: "&end=1" }))).toMatchObject({
			status: 409,
			stored: 0,
		});
	});

	it("ends the channel where only the end was cut", async () => {
		const channel = freshChannel();
		await receipt(send(channel, frames(1), key));
		expect((await replayed(send(channel, frames(1), { ...key, query: "&end=1" })))[0]).toBeNull();
		expect(await (await administer("GET", `/channels/${channel}`)).json()).toMatchObject({ ended: true, buffered: 1 });
	});

	it("is not asked for its condition again", async () => {
		const channel = freshChannel();
		const headers = { ...key.headers, "If-Match": '"0"' };
		await receipt(send(channel, frames(1), { headers }));
		expect(await receipt(send(channel, frames(1, 2), { headers }))).toMatchObject({ events: 2 });
	});

	it.each([
		["other events", frames(1, "other", 3)],
		["fewer events", frames(1, 2)],
		["other events and more", frames("other", 2, 3, 4)],
	])("is refused with %s", async (_, body) => {
		const channel = freshChannel();
		await receipt(send(channel, frames(1, 2, 3), key));
		expect(await problem(await send(channel, body, key))).toMatchObject({
			status: 422,
			code: "idempotency_mismatch",
			stored: 0,
		});
		expect(await remembered(channel)).toEqual(["1", "2", "3"]);
	});

	it("is no publish of another kind with the same key", async () => {
		const [live, plain] = [freshChannel(), freshChannel()];
		await receipt(send(live, frames(1), key));
		expect(await problem(await publish(live, { data: "1" }, key.headers))).toMatchObject({
			status: 422,
			code: "idempotency_mismatch",
		});
		await publish(plain, { data: "1" }, key.headers);
		expect(await problem(await send(plain, frames(1), key))).toMatchObject({
			status: 422,
			code: "idempotency_mismatch",
		});
	});
});

describe("a publish that is not live", () => {
	it.each(["linger=5", "live=0&linger=0"])("is refused with %s, which would do nothing", async (query) => {
		const response = await call(`/channels/${freshChannel()}/events?${query}`, {
			method: "POST",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": SSE },
			body: "data: 1\n\n",
		});
		expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
	});

	it("takes no NDJSON", async () => {
		const headers = { "Content-Type": NDJSON };
		expect(await problem(await publish(freshChannel(), { data: 1 }, headers))).toMatchObject({ status: 415 });
	});
});
