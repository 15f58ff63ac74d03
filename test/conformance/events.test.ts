import { beforeAll, describe, expect, it } from "vitest";
import { freshChannel, newUser, open, problem, published, subscribe, type User } from "./support/service.ts";

let alice: User;
let bob: User;

beforeAll(async () => {
	alice = await newUser("alice");
	bob = await newUser("bob");
});

/** The events after `connected`, by their data. */
async function dataOf(path: string, count: number, headers: HeadersInit = {}): Promise<string[]> {
	const stream = await subscribe(path, alice, headers);
	await stream.expect("connected");
	const frames = await stream.take(count);
	await stream.close();
	return frames.map(({ data }) => data);
}

describe("GET /events", () => {
	it("answers with an event stream that nothing on the way may keep or change", async () => {
		const response = await open(`/events?channel=${freshChannel()}`, alice);
		expect(response.status).toBe(200);
		expect(response.headers.get("Content-Type")).toBe("text/event-stream");
		expect(response.headers.get("Cache-Control")).toBe("no-store, no-transform");
		expect(response.headers.get("X-Accel-Buffering")).toBe("no");
		await response.body?.cancel();
	});

	it("delivers an event as it is published, with its type, id and data", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		await stream.expect("connected");
		const [id] = await published(channel, { type: "order", data: { id: 7 } });
		expect(await stream.expect("order")).toEqual({ id, data: { id: 7 } });
		await stream.close();
	});

	it("merges a channel that is named twice", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}&channel=${channel}`, alice);
		expect(await stream.expect("connected")).toMatchObject({ data: { channels: [channel] } });
		await stream.close();
	});
});

describe("resuming", () => {
	it("replays exactly what came after the cursor, then goes live", async () => {
		const channel = freshChannel();
		const ids = await published(channel, [{ data: "a" }, { data: "b" }, { data: "c" }]);
		const stream = await subscribe(`/events?channel=${channel}`, alice, { "Last-Event-ID": ids[0] ?? "" });
		expect(await stream.expect("connected")).toMatchObject({ id: ids[0], data: { resumed: true } });
		await published(channel, { data: "d" });
		const frames = await stream.take(3);
		expect(frames.map(({ data }) => data)).toEqual(["b", "c", "d"]);
		expect(frames.slice(0, 2).map(({ id }) => id)).toEqual(ids.slice(1));
		await stream.close();
	});

	it("resumes from the cursor of `connected` when a client drops before its first event", async () => {
		const channel = freshChannel();
		const first = await subscribe(`/events?channel=${channel}`, alice);
		const { id } = await first.expect("connected");
		await first.close();
		await published(channel, { data: "missed" });
		expect(await dataOf(`/events?channel=${channel}&lastEventId=${id}`, 1)).toEqual(["missed"]);
	});

	it("prefers the Last-Event-ID header, which EventSource keeps up to date, over the query", async () => {
		const channel = freshChannel();
		const ids = await published(channel, [{ data: "a" }, { data: "b" }, { data: "c" }]);
		const path = `/events?channel=${channel}&lastEventId=${ids[0]}`;
		expect(await dataOf(path, 1, { "Last-Event-ID": ids[1] ?? "" })).toEqual(["c"]);
	});

	it.each([
		["several times, of which the last counts", "lastEventId=FIRST&lastEventId=SECOND"],
		["several times, of which the last is empty", "lastEventId=FIRST&lastEventId=SECOND&lastEventId="],
		["as `lastEventID`", "lastEventID=SECOND"],
		["as `last_event_id`", "last_event_id=SECOND"],
		["in several ways of writing, in their order", "last_event_id=FIRST&lastEventId=FIRST&lastEventID=SECOND"],
	])("takes a cursor that is given %s", async (_, query) => {
		const channel = freshChannel();
		const [first = "", second = ""] = await published(channel, [{ data: "a" }, { data: "b" }, { data: "c" }]);
		const path = `/events?channel=${channel}&${query.replaceAll("FIRST", first).replaceAll("SECOND", second)}`;
		expect(await dataOf(path, 1)).toEqual(["c"]);
	});

	it("takes an empty cursor for none, in the header too", async () => {
		const channel = freshChannel();
		const [first = ""] = await published(channel, [{ data: "a" }, { data: "b" }]);
		expect(await dataOf(`/events?channel=${channel}&lastEventId=${first}`, 1, { "Last-Event-ID": "" })).toEqual(["b"]);
	});

	it("takes an empty cursor for none", async () => {
		const channel = freshChannel();
		await published(channel, { data: "a" });
		const stream = await subscribe(`/events?channel=${channel}&lastEventId=`, alice);
		expect(await stream.expect("connected")).toMatchObject({ data: { resumed: false } });
		await published(channel, { data: "b" });
		expect((await stream.next()).data).toBe("b");
		await stream.close();
	});

	it.each([
		["is no cursor", "yesterday"],
		["is a cursor of several channels", "dOl7K-QDz.HBaK2wDS10"],
		["would break the frame", "1%0aevent:%20forged"],
		["is ahead of the head", "9007199254740991"],
		["is older than the log", "1"],
	])("tells a gap and starts live when the cursor %s", async (_, cursor) => {
		const channel = freshChannel();
		const [id] = await published(channel, { data: "before" });
		const stream = await subscribe(`/events?channel=${channel}&lastEventId=${cursor}`, alice);
		expect(await stream.expect("connected")).toMatchObject({ id, data: { resumed: false } });
		expect(await stream.expect("gap")).toEqual({
			id,
			data: { channel, after: decodeURIComponent(cursor), oldest: id, reason: "foreign_cursor" },
		});
		await published(channel, { data: "after" });
		expect((await stream.next()).data).toBe("after");
		await stream.close();
	});
});

describe("where to start without a cursor", () => {
	it("starts live", async () => {
		const channel = freshChannel();
		const [id] = await published(channel, { data: "before" });
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		expect(await stream.expect("connected")).toMatchObject({ id });
		await stream.close();
	});

	it.each([
		["the last event", "rewind=1", ["c"]],
		["as many as there are", "rewind=1000", ["a", "b", "c"]],
		["all of them", "rewind=all", ["a", "b", "c"]],
		["everything since a time in milliseconds", "since=0", ["a", "b", "c"]],
		["everything since an RFC 3339 time", "since=2020-01-01T00:00:00%2B01:00", ["a", "b", "c"]],
		["everything since one in lower case", "since=2020-01-01t00:00:00z", ["a", "b", "c"]],
		["everything since a leap second", "since=2016-12-31T23:59:60Z", ["a", "b", "c"]],
	])("rewinds to %s", async (_, query, expected) => {
		const channel = freshChannel();
		await published(channel, [{ data: "a" }, { data: "b" }, { data: "c" }]);
		expect(await dataOf(`/events?channel=${channel}&${query}`, expected.length)).toEqual(expected);
	});

	it("starts live when nothing is younger than `since`", async () => {
		const channel = freshChannel();
		const [id] = await published(channel, { data: "a" });
		const stream = await subscribe(`/events?channel=${channel}&since=${Date.now() + 60_000}`, alice);
		expect(await stream.expect("connected")).toMatchObject({ id });
		await stream.close();
	});

	it("ignores rewind where there is a cursor", async () => {
		const channel = freshChannel();
		const ids = await published(channel, [{ data: "a" }, { data: "b" }, { data: "c" }]);
		expect(await dataOf(`/events?channel=${channel}&rewind=all&lastEventId=${ids[1]}`, 1)).toEqual(["c"]);
	});
});

describe("what a stream is sent", () => {
	it("is only the types that it asked for, live and on replay", async () => {
		const channel = freshChannel();
		await published(channel, [
			{ type: "a", data: 1 },
			{ type: "b", data: 2 },
			{ type: "c", data: 3 },
		]);
		const stream = await subscribe(`/events?channel=${channel}&type=a&type=c&rewind=all`, alice);
		await stream.expect("connected");
		await published(channel, [
			{ type: "b", data: 4 },
			{ type: "a", data: 5 },
		]);
		expect((await stream.take(3)).map(({ data }) => data)).toEqual(["1", "3", "5"]);
		await stream.close();
	});

	it("is wrapped in its envelope where that is asked for", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}&envelope=1`, alice);
		await stream.expect("connected");
		const [id, second] = await published(channel, [{ type: "order", data: { id: 7 } }, { data: "text" }]);
		const at = expect.any(Number);
		expect(await stream.expect("order")).toEqual({ id, data: { channel, id, type: "order", at, data: { id: 7 } } });
		const text = { channel, id: second, type: "message", at, data: "text" };
		expect(await stream.expect("message")).toEqual({ id: second, data: text });
		await stream.close();
	});

	it("has no name where its envelope is all that is asked for, so that EventSource hears it whatever its type", async () => {
		const channel = freshChannel();
		const ids = await published(channel, [{ type: "order", data: 1 }]);
		const stream = await subscribe(`/events?channel=${channel}&envelope=1&unnamed=1&rewind=all`, alice);
		await stream.expect("connected");
		ids.push(...(await published(channel, [{ type: "note", data: 2 }])));
		const at = expect.any(Number);
		for (const [index, type] of ["order", "note"].entries()) {
			const id = ids[index];
			const data = { channel, id, type, at, data: index + 1 };
			expect(await stream.expect("message")).toEqual({ id, data });
		}
		await stream.close();
	});

	it("keeps an event for one user from all others, live and on replay", async () => {
		const channel = freshChannel();
		const live = await subscribe(`/events?channel=${channel}`, bob);
		await live.expect("connected");
		await published(channel, [
			{ data: "for alice", to: { user: alice.name } },
			{ data: "for everyone", to: { user: "*" } },
		]);
		expect((await live.next()).data).toBe("for everyone");
		await live.close();
		const replayed = await subscribe(`/events?channel=${channel}&rewind=all`, bob);
		await replayed.expect("connected");
		expect((await replayed.next()).data).toBe("for everyone");
		await replayed.close();
		expect(await dataOf(`/events?channel=${channel}&rewind=all`, 2)).toEqual(["for alice", "for everyone"]);
	});

	it("reaches those whose claims match: equal, or a list that holds the value, and all of them", async () => {
		const channel = freshChannel();
		const sees = async (user: User): Promise<string[]> => {
			const stream = await subscribe(`/events?channel=${channel}&rewind=all`, user);
			await stream.expect("connected");
			const seen: string[] = [];
			for (let frame = await stream.next(); frame.data !== "end"; frame = await stream.next()) seen.push(frame.data);
			await stream.close();
			return seen;
		};
		const lead = await newUser("lead", { role: ["editor", "admin"], team: "a" });
		await published(channel, [
			{ data: "admins", to: { claims: { role: "admin" } } },
			{ data: "admins of a", to: { claims: { role: "admin", team: "a" } } },
			{ data: "level 3", to: { claims: { level: 3 } } },
			{ data: "lead as admin", to: { user: lead.name, claims: { role: "admin" } } },
			{ data: "inherited", to: { claims: { toString: "x" } } },
			{ data: "end" },
		]);
		expect(await sees(alice)).toEqual([]);
		expect(await sees(await newUser("admin", { role: "admin" }))).toEqual(["admins"]);
		expect(await sees(lead)).toEqual(["admins", "admins of a", "lead as admin"]);
		expect(await sees(await newUser("three", { level: 3 }))).toEqual(["level 3"]);
		expect(await sees(await newUser("text", { level: "3" }))).toEqual([]);
	});
});

describe("refused subscriptions", () => {
	it.each([
		["no channel", "", 400, "invalid_request"],
		["a channel outside the pattern", "channel=a%20b", 400, "invalid_channel"],
		["an empty channel", "channel=", 400, "invalid_channel"],
		["a channel that is too long", `channel=${"a".repeat(129)}`, 400, "invalid_channel"],
		["a channel that the ticket does not grant", "channel=secrets", 403, "insufficient_scope"],
		["somebody else's personal channel", "channel=user:bob", 403, "insufficient_scope"],
		["rewind=-1", "channel=orders&rewind=-1", 400, "invalid_request"],
		["rewind=0", "channel=orders&rewind=0", 400, "invalid_request"],
		["rewind=many", "channel=orders&rewind=many", 400, "invalid_request"],
		["rewind twice", "channel=orders&rewind=1&rewind=2", 400, "invalid_request"],
		["a time that is none", "channel=orders&since=yesterday", 400, "invalid_request"],
		["rewind with since", "channel=orders&rewind=1&since=0", 400, "invalid_request"],
		["envelope=yes", "channel=orders&envelope=yes", 400, "invalid_request"],
		["unnamed=yes", "channel=orders&envelope=1&unnamed=yes", 400, "invalid_request"],
		["unnamed without envelope", "channel=orders&unnamed=1", 400, "invalid_request"],
	])("%s", async (_, query, status, code) => {
		const response = await open(`/events?${query}`, alice);
		expect(await problem(response)).toMatchObject({ status, code, detail: expect.stringMatching(/.{20,}/) });
	});

	it.each([
		["2026-01-31T12:00:00+02:00", "%2B"],
		["2026-01-31T12:00:00%20-02:00", "RFC 3339"],
	])("a time whose offset has lost its sign: %s", async (since, hint) => {
		const response = await open(`/events?channel=orders&since=${since}`, alice);
		expect(await problem(response)).toMatchObject({
			status: 400,
			code: "invalid_request",
			detail: expect.stringContaining(hint),
		});
	});

	it.each([
		["an empty one", "", "leave it out for events of all types"],
		["one of a control event", "presence", "control events come in any case"],
		["one that nobody may publish", "error", "reserved"],
		["one with a control character", "a%0Ab", "control characters"],
		["one of 65 characters", "é".repeat(65), "at most 64 characters"],
	])("a type that no event can have: %s", async (_, type, advice) => {
		const response = await open(`/events?channel=orders&type=order&type=${type}`, alice);
		expect(await problem(response)).toMatchObject({
			status: 400,
			code: "invalid_request",
			detail: expect.stringContaining(advice),
		});
	});

	it("more than 32 channels", async () => {
		const query = Array.from({ length: 33 }, (_, index) => `channel=chat:${index}`).join("&");
		const response = await open(`/events?${query}`, alice);
		expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
	});
});
