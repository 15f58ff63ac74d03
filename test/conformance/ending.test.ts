import { beforeAll, describe, expect, it } from "vitest";
import type { SseReader } from "../support/sse.ts";
import {
	administer,
	call,
	freshChannel,
	newUser,
	open,
	openPublisher,
	openReadySocket,
	openSocket,
	PUBLISH_KEY,
	problem,
	publish,
	published,
	subscribe,
	type User,
} from "./support/service.ts";

let alice: User;
let bob: User;

beforeAll(async () => {
	alice = await newUser("alice");
	bob = await newUser("bob");
});

const CLOSING = { reason: "ended", reconnect: false };

/** Ends a channel without an event. */
function end(channel: string, init: RequestInit = {}): Promise<Response> {
	const headers = { Authorization: `Bearer ${PUBLISH_KEY}`, ...(init.headers as Record<string, string>) };
	return call(`/channels/${channel}/events?end=1`, { method: "POST", ...init, headers });
}

/** Ends a channel with these events. */
async function endWith(channel: string, events: unknown): Promise<string[]> {
	const body = JSON.stringify(events);
	const response = await end(channel, { body, headers: { "Content-Type": "application/json" } });
	expect(response.status).toBe(201);
	return ((await response.json()) as { ids: string[] }).ids;
}

/** The error that a request is refused with. */
async function refusal(response: Promise<Response>) {
	return await problem(await response);
}

async function stateOf(channel: string): Promise<Record<string, unknown>> {
	return (await (await administer("GET", `/channels/${channel}`)).json()) as Record<string, unknown>;
}

/** What a stream says until its end: the data of events, and the names of control events. */
async function restOf(stream: SseReader): Promise<string[]> {
	return (await stream.rest()).map(({ event, data }) => event ?? data);
}

describe("a channel that has ended", () => {
	it("tells its streams what is left, then `closing` at its head, and ends them", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		await stream.expect("connected");
		const ids = await endWith(channel, [{ data: "one" }, { data: "two" }]);
		const [one, two, closing, ...more] = await stream.rest();
		expect([one?.data, two?.data]).toEqual(["one", "two"]);
		expect(closing).toMatchObject({ event: "closing", id: ids[1] });
		expect(JSON.parse(closing?.data ?? "")).toEqual(CLOSING);
		expect(more).toEqual([]);
	});

	it("may end without an event, whatever the type of the empty body is", async () => {
		for (const init of [
			{},
			{ headers: { "Content-Type": "application/json" } },
			{ headers: { "Content-Type": "image/png" }, body: "" },
			{ headers: { "Content-Type": "application/json" }, body: "[]" },
		]) {
			const channel = freshChannel();
			const stream = await subscribe(`/events?channel=${channel}`, alice);
			expect(await stream.expect("connected")).toMatchObject({ id: "0" });
			const response = await end(channel, init);
			expect(response.status).toBe(201);
			expect(await response.json()).toEqual({ channel, ids: [], subscribers: 1 });
			const [closing, ...more] = await stream.rest();
			const { head } = await stateOf(channel);
			expect(closing).toMatchObject({ event: "closing", id: head, data: JSON.stringify(CLOSING) });
			expect(more).toEqual([]);
		}
	});

	it("refuses whatever is published afterwards", async () => {
		const channel = freshChannel();
		expect(await stateOf(channel)).toMatchObject({ ended: false });
		await published(channel, { data: 1 });
		await end(channel);
		expect(await stateOf(channel)).toMatchObject({ ended: true, buffered: 1 });
		expect(await refusal(publish(channel, { data: 2 }))).toMatchObject({ status: 409, code: "channel_ended" });
		expect(await refusal(end(channel))).toMatchObject({ status: 409, code: "channel_ended" });
		expect(await stateOf(channel)).toMatchObject({ ended: true, buffered: 1 });
	});

	it("gives later streams the replay that they ask for, then the same", async () => {
		const channel = freshChannel();
		const [first] = await published(channel, [{ data: "1" }, { data: "2" }]);
		const ids = await endWith(channel, { data: "3" });
		const replays = [
			["", ["connected", "closing"]],
			["&rewind=1", ["connected", "3", "closing"]],
			["&rewind=all", ["connected", "1", "2", "3", "closing"]],
			["&since=0", ["connected", "1", "2", "3", "closing"]],
			[`&lastEventId=${first}`, ["connected", "2", "3", "closing"]],
			["&lastEventId=0", ["connected", "1", "2", "3", "closing"]],
			["&lastEventId=yesterday", ["connected", "gap", "closing"]],
			[`&lastEventId=${Number(ids[0]) + 1}`, ["connected", "gap", "closing"]],
		] as const;
		for (const [query, expected] of replays) {
			const stream = await subscribe(`/events?channel=${channel}${query}`, alice);
			expect(await restOf(stream)).toEqual(expected);
		}
	});

	it("replays much, piece by piece, before it says so", async () => {
		const channel = freshChannel();
		const data = "x".repeat(20_000);
		for (let batch = 0; batch < 4; batch += 1) {
			await published(
				channel,
				Array.from({ length: 20 }, (_, index) => ({ data: `${batch * 20 + index} ${data}` })),
			);
		}
		await end(channel);
		const stream = await subscribe(`/events?channel=${channel}&rewind=all`, alice);
		const frames = await restOf(stream);
		const [connected, ...rest] = frames;
		expect(connected).toBe("connected");
		expect(rest.pop()).toBe("closing");
		expect(rest.map((text) => Number.parseInt(text, 10))).toEqual(Array.from({ length: 80 }, (_, index) => index));
	});

	it("lets a slow reader have everything that was published before", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		await stream.expect("connected");
		const data = "x".repeat(60_000);
		for (let batch = 0; batch < 3; batch += 1) {
			await published(
				channel,
				Array.from({ length: 10 }, (_, index) => ({ data: `${batch * 10 + index} ${data}` })),
			);
		}
		await end(channel);
		const told: string[] = [];
		for await (const { event, data } of stream) {
			told.push(event ?? `${Number.parseInt(data, 10)}`);
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
		expect(told).toEqual([...Array.from({ length: 30 }, (_, index) => `${index}`), "closing"]);
	});

	it("answers a cursor at its end with 204", async () => {
		const channel = freshChannel();
		const [id] = await endWith(channel, { data: 1 });
		for (const response of [
			await open(`/events?channel=${channel}&lastEventId=${id}`, alice),
			await open(`/events?channel=${channel}&rewind=all`, alice, { "Last-Event-ID": `${id}`, "X-Request-Id": "mine" }),
		]) {
			expect(response.status).toBe(204);
			expect(await response.text()).toBe("");
			expect(response.headers.get("X-Request-Id")).toBeTruthy();
			expect(response.headers.get("Cache-Control")).toBe("no-store");
			expect(response.headers.get("End-Reason")).toBe("ended");
			expect(response.headers.has("Content-Type")).toBe(false);
		}
	});

	it("answers whoever comes back with the cursor of its `closing` with 204", async () => {
		const channel = freshChannel();
		const streams = [
			await subscribe(`/events?channel=${channel}`, alice),
			await subscribe(`/events?channel=${channel}&type=wanted`, alice),
			await subscribe(`/events?channel=${channel}`, bob),
		];
		await endWith(channel, [{ type: "wanted", data: 1 }, { data: 2 }, { data: 3, to: { user: alice.name } }]);
		for (const stream of streams) {
			const id = (await stream.rest()).at(-1)?.id;
			expect((await open(`/events?channel=${channel}&lastEventId=${id}`, alice)).status).toBe(204);
		}
	});

	it("answers with 204 also if it ended without an event, to a cursor at its beginning", async () => {
		const channel = freshChannel();
		await end(channel);
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		const id = (await stream.rest()).at(-1)?.id;
		for (const cursor of ["0", id]) {
			expect((await open(`/events?channel=${channel}&lastEventId=${cursor}`, alice)).status).toBe(204);
		}
	});

	it("asks for credentials and grants before it answers with 204", async () => {
		const channel = freshChannel();
		const [id] = await endWith(channel, { data: 1 });
		expect(await refusal(call(`/events?channel=${channel}&lastEventId=${id}`))).toMatchObject({ status: 401 });
		const other = await refusal(open(`/events?channel=other&lastEventId=${id}`, alice));
		expect(other).toMatchObject({ status: 403, code: "insufficient_scope" });
		await administer("DELETE", `/channels/${channel}/subscribers?user=${bob.name}`);
		const revoked = await refusal(open(`/events?channel=${channel}&lastEventId=${id}`, bob));
		expect(revoked).toMatchObject({ status: 401, code: "invalid_token" });
		bob = await newUser("bob");
	});

	it("begins anew after it was wiped", async () => {
		const channel = freshChannel();
		const [id] = await endWith(channel, { data: "old" });
		await administer("DELETE", `/channels/${channel}`);
		expect(await stateOf(channel)).toMatchObject({ ended: false });
		const stream = await subscribe(`/events?channel=${channel}&lastEventId=${id}`, alice);
		await endWith(channel, { data: "new" });
		expect(await restOf(stream)).toEqual(["connected", "gap", "new", "closing"]);
		const late = await subscribe(`/events?channel=${channel}&lastEventId=${id}`, alice);
		expect(await restOf(late)).toEqual(["connected", "gap", "new", "closing"]);
	});

	it("is told of once by each of a hundred streams, however far behind they are", async () => {
		const channel = freshChannel();
		const crowd = await Promise.all(Array.from({ length: 10 }, () => newUser()));
		const ids: (string | undefined)[] = ["0"];
		const expected: string[] = [];
		const streams: { reader: SseReader; from: number }[] = [];
		for (let round = 0; round < 100; round += 1) {
			const cursor = ids[(round * 37) % ids.length];
			const reader = await subscribe(
				`/events?channel=${channel}&lastEventId=${cursor}`,
				crowd[round % crowd.length] as User,
			);
			streams.push({ reader, from: ids.indexOf(cursor) });
			expected.push(`event ${round}`);
			ids.push(...(await published(channel, { data: `event ${round}` })));
		}
		const ending = endWith(channel, [{ data: "last" }]);
		const outcomes = await Promise.all(streams.map(({ reader }) => restOf(reader)));
		await ending;
		for (const [index, { from }] of streams.entries()) {
			expect(outcomes[index]).toEqual(["connected", ...expected.slice(from), "last", "closing"]);
		}
		await expect.poll(() => stateOf(channel)).toMatchObject({ subscribers: 0 });
	});

	it("is told with all of its events by streams that are opened while it ends", async () => {
		const [channel, other] = [freshChannel("chat:a"), freshChannel("chat:b")];
		await endWith(other, { data: "other" });
		const crowd = await Promise.all(Array.from({ length: 4 }, () => newUser()));
		const opening = Array.from({ length: 40 }, async (_, index) => {
			await new Promise((resolve) => setTimeout(resolve, index));
			const query = `/events?channel=${channel}&rewind=all${index % 2 === 0 ? `&channel=${other}` : ""}`;
			return await restOf(await subscribe(query, crowd[index % crowd.length] as User));
		});
		const stored: string[] = [];
		for (let index = 0; index < 15; index += 1) {
			await published(channel, { data: `${index}` });
			stored.push(`${index}`);
		}
		await end(channel);
		for (const told of await Promise.all(opening)) {
			expect(told.at(0)).toBe("connected");
			expect(told.at(-1)).toBe("closing");
			expect(told.filter((each) => /^\d+$/.test(each))).toEqual(stored);
			expect(told.filter((each) => each === "closing")).toHaveLength(1);
			expect([0, 2]).toContain(told.filter((each) => each === "ended").length);
		}
	});

	it("tells those who stay on other channels that its users are offline", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}&presence=1`, alice);
		await stream.expect("connected");
		await end(channel);
		expect(await restOf(stream)).toEqual(["closing"]);
		expect(await (await administer("GET", `/channels/${channel}/subscribers`)).json()).toEqual([]);
	});
});

describe("a plain stream of a channel that has ended", () => {
	/** The status and the text of a plain stream. */
	async function plain(channel: string, query: string, headers: HeadersInit = {}): Promise<[number, string]> {
		const response = await open(`/events?channel=${channel}&control=0${query}`, alice, headers);
		return [response.status, (await response.text()).replace(/^retry: \d+\n/, "")];
	}

	it("ends without a word, and the next request is answered with 204", async () => {
		const channel = freshChannel();
		const [id] = await endWith(channel, { data: "[DONE]" });
		expect(await plain(channel, "&rewind=all")).toEqual([200, `id: ${id}\ndata: [DONE]\n\n`]);
		expect(await plain(channel, "&rewind=all", { "Last-Event-ID": `${id}` })).toEqual([204, ""]);
	});

	it("is answered with 204 as well where nothing is left for it, although its client has not been told the cursor", async () => {
		const channel = freshChannel();
		const ids = await published(channel, [{ data: 1 }]);
		await endWith(channel, [
			{ type: "other", data: 2 },
			{ data: 3, to: { user: bob.name } },
		]);
		expect(await plain(channel, `&type=message&lastEventId=${ids[0]}`)).toEqual([204, ""]);
		expect(await plain(channel, "")).toEqual([204, ""]);
		expect(await plain(channel, "&rewind=all&type=unheard")).toEqual([204, ""]);
		expect((await plain(channel, `&lastEventId=${ids[0]}`))[1]).toContain("data: 2");
		expect((await plain(channel, "&rewind=all&type=message"))[1]).toContain("data: 1");
	});

	it("is refused where it has missed events, and not answered with 204", async () => {
		const channel = freshChannel();
		await endWith(channel, { data: 1 });
		expect((await plain(channel, "&lastEventId=yesterday"))[0]).toBe(410);
		expect((await plain(channel, "&lastEventId=yesterday&gap=ignore"))[1]).toContain("data: 1");
	});
});

describe("publishing with `end`", () => {
	it("gives the repeat of an ending publish its answer, and other events under its key none", async () => {
		const channel = freshChannel();
		const headers = { "Idempotency-Key": "last", "Content-Type": "application/json" };
		const body = JSON.stringify({ data: 1 });
		const first = await end(channel, { headers, body });
		const again = await end(channel, { headers, body });
		expect(again.headers.get("Idempotent-Replayed")).toBe("true");
		expect(await again.json()).toEqual(await first.json());
		const without = await refusal(publish(channel, { data: 1 }, headers));
		expect(without).toMatchObject({ status: 422, code: "idempotency_mismatch" });
		expect(await refusal(end(channel, { headers: { "Idempotency-Key": "other" } }))).toMatchObject({ status: 409 });
	});

	it("repeats an end without an event too", async () => {
		const channel = freshChannel();
		const headers = { "Idempotency-Key": "last" };
		expect(await (await end(channel, { headers })).json()).toMatchObject({ ids: [] });
		const again = await end(channel, { headers });
		expect(again.headers.get("Idempotent-Replayed")).toBe("true");
		expect(await again.json()).toMatchObject({ ids: [] });
	});

	it("keeps its condition, and does not end a channel whose head has moved", async () => {
		const channel = freshChannel();
		const [id] = await published(channel, { data: 1 });
		const moved = await refusal(end(channel, { headers: { "If-Match": '"0"' } }));
		expect(moved).toMatchObject({ status: 412, code: "head_moved" });
		expect(await stateOf(channel)).toMatchObject({ ended: false });
		expect((await end(channel, { headers: { "If-Match": `"${id}"` } })).status).toBe(201);
	});

	it("does not end a channel whose last events are refused", async () => {
		const channel = freshChannel();
		const headers = { "Content-Type": "application/json" };
		const refused = await refusal(end(channel, { headers, body: JSON.stringify({ type: "ended", data: 1 }) }));
		expect(refused).toMatchObject({ status: 400, code: "invalid_event" });
		expect(await refusal(publish(channel, []))).toMatchObject({ status: 400, code: "invalid_event" });
		expect(await stateOf(channel)).toMatchObject({ ended: false, head: "0" });
	});

	it("takes `end` as 0 or 1, once", async () => {
		const channel = freshChannel();
		for (const query of ["end=2", "end=true", "end=", "end=1&end=1", "end=0&end=1"]) {
			const response = call(`/channels/${channel}/events?${query}`, {
				method: "POST",
				headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "text/plain" },
				body: "last",
			});
			expect(await refusal(response)).toMatchObject({ status: 400, code: "invalid_request" });
		}
		expect(await stateOf(channel)).toMatchObject({ ended: false, head: "0" });
	});

	it("ends a personal channel too", async () => {
		const user = await newUser();
		const stream = await subscribe("/events?inbox=1", user);
		const response = await call(`/users/${user.name}/events?end=1`, {
			method: "POST",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "text/plain" },
			body: "bye",
		});
		expect(response.status).toBe(201);
		expect(await restOf(stream)).toEqual(["connected", "bye", "closing"]);
	});

	it("goes by the order of the log: what comes after the end is refused, and what came before is told", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		const answers = await Promise.all(
			Array.from({ length: 40 }, (_, index) => (index === 20 ? end(channel) : publish(channel, { data: `${index}` }))),
		);
		expect(new Set(answers.map(({ status }) => status)).isSubsetOf(new Set([201, 409]))).toBe(true);
		expect(answers[20]?.status).toBe(201);
		const [, ...told] = await restOf(stream);
		expect(told.pop()).toBe("closing");
		const stored = answers.flatMap(({ status }, index) => (status === 201 && index !== 20 ? [`${index}`] : []));
		expect(told.toSorted()).toEqual(stored.toSorted());
	});
});

describe("a publisher that stays", () => {
	it("ends a channel with its last events, and is refused afterwards", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		const socket = await openPublisher(channel);
		socket.send({ ref: 1, events: [{ data: "one" }] });
		socket.send({ ref: 2, events: [{ data: "two" }], end: true });
		socket.send({ ref: 3, events: [{ data: "three" }] });
		socket.send({ ref: 4, end: true });
		const answers = await socket.take(4);
		expect(answers).toMatchObject([
			{ ref: 1, ids: [expect.any(String)] },
			{ ref: 2, ids: [expect.any(String)] },
			{ ref: 3, status: 409, code: "channel_ended" },
			{ ref: 4, status: 409, code: "channel_ended" },
		]);
		expect(await restOf(stream)).toEqual(["connected", "one", "two", "closing"]);
		socket.close();
	});

	it("ends a channel without an event", async () => {
		for (const message of [{ end: true }, { events: [], end: true }, { end: true, idempotencyKey: "k" }]) {
			const channel = freshChannel();
			const socket = await openPublisher(channel);
			socket.send({ ref: 1, ...message });
			expect(await socket.next()).toEqual({ ref: 1, ids: [], subscribers: 0 });
			expect(await stateOf(channel)).toMatchObject({ ended: true });
			socket.close();
		}
	});

	it("is told of an `end` that is neither true nor false, and of a message without events that has none", async () => {
		const channel = freshChannel();
		const socket = await openPublisher(channel);
		const messages = [{ end: "yes" }, { end: 1 }, { end: null }, { end: false }, {}, { events: null, end: true }];
		for (const [ref, message] of messages.entries()) socket.send({ ref, ...message });
		for (const [ref] of messages.entries()) {
			expect(await socket.next()).toMatchObject({ ref, status: 400, code: "invalid_request" });
		}
		socket.send({ ref: 9, events: [], end: false });
		expect(await socket.next()).toMatchObject({ ref: 9, status: 400, code: "invalid_event" });
		expect(await stateOf(channel)).toMatchObject({ ended: false });
		socket.close();
	});
});

describe.each([
	["with credentials in a message", openSocket],
	["with credentials in the request", openReadySocket],
])("a WebSocket %s", (_, openSocket) => {
	it("gets what is left, then `closing`, and is closed with 1000", async () => {
		const channel = freshChannel();
		const socket = await openSocket(alice, { channels: [channel] });
		await socket.next();
		const [id] = await endWith(channel, { data: 1 });
		expect(await socket.next()).toMatchObject({ type: "event", id, data: 1 });
		expect(await socket.next()).toEqual({ type: "closing", id, ...CLOSING });
		expect([await socket.closed(), socket.closeReason]).toEqual([1000, "ended"]);
	});

	it("gets the same when it comes later, also with a cursor at the end", async () => {
		const channel = freshChannel();
		const [id] = await endWith(channel, { data: 1 });
		const late = await openSocket(alice, { channels: [channel], rewind: "all" });
		expect(await late.take(3)).toMatchObject([
			{ type: "connected" },
			{ type: "event", id },
			{ type: "closing", id, ...CLOSING },
		]);
		expect([await late.closed(), late.closeReason]).toEqual([1000, "ended"]);
		const done = await openSocket(alice, { channels: [channel], cursor: `${id}` });
		expect(await done.take(2)).toMatchObject([
			{ type: "connected", resumed: true },
			{ type: "closing", id },
		]);
		expect([await done.closed(), done.closeReason]).toEqual([1000, "ended"]);
	});

	it("gets the head in `closing` when it was opened before the first event, and there was none", async () => {
		const channel = freshChannel();
		const socket = await openSocket(alice, { channels: [channel] });
		expect(await socket.next()).toMatchObject({ type: "connected", id: "0" });
		await end(channel);
		const { head } = await stateOf(channel);
		expect(await socket.next()).toEqual({ type: "closing", id: head, ...CLOSING });
	});
});

describe("a stream of several channels", () => {
	function streamOf(channels: readonly string[], query = ""): string {
		return `/events?${channels.map((channel) => `channel=${channel}`).join("&")}${query}`;
	}

	it("is told `ended` of each, and ends with `closing` when all have", async () => {
		const [a, b] = [freshChannel("chat:a"), freshChannel("chat:b")];
		const stream = await subscribe(streamOf([a, b]), alice);
		await stream.expect("connected");
		await endWith(a, { data: "last of a" });
		expect((await stream.next()).data).toBe("last of a");
		expect(await stream.expect("ended")).toMatchObject({ data: { channel: a } });
		await published(b, { data: "b goes on" });
		expect((await stream.next()).data).toBe("b goes on");
		await endWith(b, { data: "last of b" });
		expect((await stream.next()).data).toBe("last of b");
		const { id } = await stream.expect("ended");
		expect(await stream.expect("closing")).toEqual({ id, data: CLOSING });
		expect(await stream.rest()).toEqual([]);
		expect((await open(streamOf([a, b], `&lastEventId=${id}`), alice)).status).toBe(204);
	});

	it("is told at once, after the replay, of those that have ended before", async () => {
		const [a, b] = [freshChannel("chat:a"), freshChannel("chat:b")];
		await endWith(a, { data: "a" });
		const first = await subscribe(streamOf([a, b], "&rewind=all"), alice);
		await first.expect("connected");
		expect((await first.next()).data).toBe("a");
		const { id, data } = await first.expect("ended");
		expect(data).toEqual({ channel: a });
		await first.close();
		const second = await subscribe(streamOf([a, b], `&lastEventId=${id}`), alice);
		expect(await second.expect("connected")).toMatchObject({ id, data: { channels: [a, b], resumed: true } });
		expect(await second.expect("ended")).toEqual({ id, data: { channel: a } });
		await endWith(b, { data: "b" });
		expect((await second.next()).data).toBe("b");
		await second.expect("ended");
		await second.expect("closing");
	});

	it("can be renewed, and be ended, after its first channel has ended", async () => {
		const [a, b] = [freshChannel("chat:a"), freshChannel("chat:b")];
		const stream = await subscribe(streamOf([a, b]), alice);
		const { data } = await stream.expect("connected");
		const { connection } = data as { connection: string };
		await end(a);
		await stream.expect("ended");
		const path = `/channels/${b}/subscribers?connection=${encodeURIComponent(connection)}`;
		expect(await (await administer("DELETE", path)).json()).toEqual({ channel: b, ended: 1 });
		expect(await stream.expect("closing")).toMatchObject({ data: { reason: "revoked" } });
	});

	it("ends with `shutdown` when one that had ended begins anew", async () => {
		const [a, b] = [freshChannel("chat:a"), freshChannel("chat:b")];
		const stream = await subscribe(streamOf([a, b]), alice);
		await stream.expect("connected");
		await end(a);
		await stream.expect("ended");
		await administer("DELETE", `/channels/${a}`);
		expect(await stream.expect("closing")).toMatchObject({ data: { reason: "shutdown", reconnect: true } });
	});

	it("does the same over a WebSocket", async () => {
		const [a, b] = [freshChannel("chat:a"), freshChannel("chat:b")];
		const socket = await openSocket(alice, { channels: [a, b] });
		await socket.next();
		await end(a);
		expect(await socket.next()).toMatchObject({ type: "ended", channel: a });
		await end(b);
		expect(await socket.take(2)).toMatchObject([
			{ type: "ended", channel: b },
			{ type: "closing", ...CLOSING },
		]);
		expect([await socket.closed(), socket.closeReason]).toEqual([1000, "ended"]);
	});
});
