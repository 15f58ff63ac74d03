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
	published,
	type User,
} from "./support/service.ts";

let alice: User;

beforeAll(async () => {
	alice = await newUser("alice");
});

/** What a model's API might write, and worse. */
const WRITTEN = [
	'event: content_block_delta\ndata: {"n":1.0,"big":1e400,"text":"é 👩‍👩‍👧 \u2028"}\n\n',
	"data:   spaces before and after  \n\n",
	'data: {\ndata:   "lines": "several"\ndata: \ndata: }\n\n',
	"data: \ufeffmarks\ndata: \ufeff\n\n",
	"data: \n\n",
	"retry: 1234\ndata: : data: id: 7\n\n",
	"data: [DONE]\n\n",
].join("");

const DONE = /\[DONE\]\n\n/;

async function publishWritten(channel: string, query = ""): Promise<void> {
	const headers = { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "text/event-stream" };
	const response = await call(`/channels/${channel}/events${query}`, { method: "POST", headers, body: WRITTEN });
	expect(response.status).toBe(201);
}

/** The events of a plain stream as they were written: without its first line, and the ids. */
function eventsIn(text: string): string {
	const [, events = text] = /^retry: \d+\n(.*)$/s.exec(text) ?? [];
	return events.replaceAll(/^id: .*\n/gm, "");
}

/** The address of a plain stream of a channel, alone or among others. */
const STREAMS: [string, (channel: string) => string][] = [
	["one channel", (channel) => `/events?control=0&channel=${channel}`],
	["several channels", (channel) => `/events?control=0&channel=${channel}&channel=${freshChannel("chat:other")}`],
];

describe.each(STREAMS)("a plain stream of %s", (_, streamOf) => {
	it("is what was published, byte for byte, on replay", async () => {
		const channel = freshChannel();
		await publishWritten(channel);
		const text = await readUntil(await open(`${streamOf(channel)}&rewind=all`, alice), DONE);
		expect(eventsIn(text)).toBe(WRITTEN);
		expect(text.match(/^id: /gm)).toHaveLength(7);
	});

	it.each(["", "?live=1"])("is what was published, byte for byte, live%s", async (query) => {
		const channel = freshChannel();
		const response = await open(streamOf(channel), alice);
		await publishWritten(channel, query);
		expect(eventsIn(await readUntil(response, DONE))).toBe(WRITTEN);
	});

	it("starts with how soon to come back, and ends without a word", async () => {
		const channel = freshChannel();
		const user = await newUser("revoked");
		const response = await open(streamOf(channel), user);
		await published(channel, { type: "note", data: "last" });
		await administer("DELETE", `/channels/${channel}/subscribers?user=${user.name}`);
		expect(await response.text()).toMatch(/^retry: \d+\nevent: note\nid: \S+\ndata: last\n\n$/);
	});

	it("resumes from the id of any of its events", async () => {
		const channel = freshChannel();
		const path = streamOf(channel);
		await published(channel, [{ data: "a" }, { data: "b" }, { data: "c" }]);
		const text = await readUntil(await open(`${path}&rewind=all`, alice), "data: c\n\n");
		const ids = [...text.matchAll(/^id: (.*)$/gm)].map(([, id = ""]) => id);
		const resumed = await readUntil(await open(path, alice, { "Last-Event-ID": ids[1] ?? "" }), "data: c\n\n");
		expect(resumed).toMatch(/^retry: \d+\nid: \S+\ndata: c\n\n$/);
	});

	it("is refused where events after its cursor are gone, and says from where to start", async () => {
		const channel = freshChannel();
		const path = streamOf(channel);
		await published(channel, { data: "gone" });
		const text = await readUntil(await open(`${path}&rewind=all`, alice), "data: gone\n\n");
		const [, cursor = ""] = /^id: (.*)$/m.exec(text) ?? [];
		await administer("DELETE", `/channels/${channel}`);
		const nothing = await problem(await open(path, alice, { "Last-Event-ID": cursor }));
		expect(nothing).toMatchObject({ status: 410, code: "gap", detail: expect.stringContaining("remembers no events") });
		const [oldest = ""] = await published(channel, [{ data: "oldest" }, { data: "newest" }]);
		const refusal = await problem(await open(path, alice, { "Last-Event-ID": cursor }));
		expect(refusal).toMatchObject({ status: 410, code: "gap", detail: expect.stringContaining(oldest) });
		expect(refusal.detail).toContain(`The channel ${channel} `);
		const ignored = await open(`${path}&gap=ignore`, alice, { "Last-Event-ID": cursor });
		expect(eventsIn(await readUntil(ignored, "newest\n\n"))).toBe("data: oldest\n\ndata: newest\n\n");
	});
});

describe("a plain stream", () => {
	it.each(["yesterday", "9007199254740991", "1"])("is refused where %s is no cursor of its channel", async (cursor) => {
		const channel = freshChannel();
		const path = `/events?control=0&channel=${channel}&lastEventId=${cursor}`;
		const [oldest = ""] = await published(channel, [{ data: "a" }, { data: "b" }]);
		const refusal = await problem(await open(path, alice));
		expect(refusal).toMatchObject({ status: 410, code: "gap", detail: expect.stringContaining(oldest) });
		expect(refusal.detail).toContain(`the channel ${channel}`);
		expect(eventsIn(await readUntil(await open(`${path}&gap=ignore`, alice), "b\n\n"))).toBe("data: a\n\ndata: b\n\n");
	});

	it.each([1, 2])(
		"of %i channels ends with them, and is answered with 204 where it would get nothing",
		async (count) => {
			const [channel = "", ...others] = Array.from({ length: count }, () => freshChannel());
			const path = `/events?control=0&channel=${[channel, ...others].join("&channel=")}`;
			const response = await open(path, alice);
			await published(channel, [{ data: "for everyone" }, { data: "for bob", to: { user: "bob" } }]);
			for (const each of [channel, ...others]) await administer("POST", `/channels/${each}/events?end=1`);
			const text = await response.text();
			expect(eventsIn(text)).toBe("data: for everyone\n\n");
			const [, cursor] = /^id: (.*)$/m.exec(text) ?? [];
			for (const query of [`&lastEventId=${cursor}`, "", "&rewind=1", "&rewind=all&type=other"])
				expect([query, (await open(path + query, alice)).status]).toEqual([query, 204]);
			expect(eventsIn(await (await open(`${path}&rewind=all`, alice)).text())).toBe("data: for everyone\n\n");
		},
	);

	it("may have the beginning of its channel as its cursor, and is refused where that is gone", async () => {
		const channel = freshChannel();
		const path = `/events?control=0&lastEventId=0&channel=${channel}`;
		const response = await open(path, alice);
		await published(channel, { data: "first" });
		for (const each of [response, await open(path, alice)])
			expect(eventsIn(await readUntil(each, "\n\n"))).toBe("data: first\n\n");
		await administer("DELETE", `/channels/${channel}`);
		expect(await problem(await open(path, alice))).toMatchObject({ status: 410, code: "gap" });
	});

	it("starts live in a channel that remembers nothing, if it ignores gaps", async () => {
		const channel = freshChannel();
		const response = await open(`/events?control=0&gap=ignore&channel=${channel}&lastEventId=5`, alice);
		await published(channel, { data: "first" });
		expect(eventsIn(await readUntil(response, "\n\n"))).toBe("data: first\n\n");
	});

	it("holds envelopes where it is asked to, with names or without", async () => {
		const channel = freshChannel();
		const [id] = await published(channel, { type: "order", data: 1 });
		const data = `data: {"channel":"${channel}","id":"${id}","type":"order","at":`;
		const path = `/events?control=0&envelope=1&rewind=all&channel=${channel}`;
		const named = eventsIn(await readUntil(await open(path, alice), "\n\n"));
		expect(named).toMatch(/^event: order\ndata: \{.*\n\n$/);
		expect(named).toContain(data);
		const unnamed = eventsIn(await readUntil(await open(`${path}&unnamed=1`, alice), "\n\n"));
		expect(unnamed).toMatch(/^data: \{.*\n\n$/);
		expect(unnamed).toContain(data);
	});

	it("is an ordinary one with `control=1`", async () => {
		const text = await readUntil(await open(`/events?control=1&channel=${freshChannel()}`, alice), "\n\n");
		expect(text).toContain("event: connected");
	});

	it.each([
		["control=no", "`control` must be 0 or 1"],
		["control=0&presence=1", "`presence` must be 0 with `control=0`"],
		["control=0&gap=tell", "`gap` must be `ignore`"],
		["control=0&gap=ignore&gap=ignore", "`gap` must be given once"],
		["gap=ignore", "`gap` must be left out unless there is `control=0`"],
		["gap=ignore&control=1", "`gap` must be left out unless there is `control=0`"],
	])("is not asked for by %s", async (query, advice) => {
		const refusal = await problem(await open(`/events?channel=${freshChannel()}&${query}`, alice));
		expect(refusal).toMatchObject({ status: 400, code: "invalid_request", detail: expect.stringContaining(advice) });
	});
});
