import { beforeAll, describe, expect, it } from "vitest";
import { freshChannel, newUser, published, subscribe, type User } from "./support/service.ts";

let alice: User;

beforeAll(async () => {
	alice = await newUser("alice");
});

/** The address of a stream of several channels. */
function streamOf(channels: readonly string[], query = ""): string {
	return `/events?${channels.map((channel) => `channel=${channel}`).join("&")}${query}`;
}

/** Two channels, in the order of their names. */
function twoChannels(): [string, string] {
	return [freshChannel("chat:a"), freshChannel("chat:b")];
}

describe("a stream of several channels", () => {
	it("has one `connected`, which names them all", async () => {
		const [a, b] = twoChannels();
		const stream = await subscribe(streamOf([b, a, b]), alice);
		const { id, data } = await stream.expect("connected");
		expect(id).toMatch(/^[\w-]{8}0\.[\w-]{8}0$/);
		expect(data).toMatchObject({ user: alice.name, channels: [a, b], resumed: false });
		await stream.close();
	});

	it("delivers the events of each, in the order of each", async () => {
		const [a, b] = twoChannels();
		const stream = await subscribe(streamOf([a, b]), alice);
		await stream.expect("connected");
		for (let round = 0; round < 5; round += 1) {
			await published(a, { data: `a${round}` });
			await published(b, [{ data: `b${round}` }, { data: `b${round}.5` }]);
		}
		const frames = await stream.take(15);
		const of = (letter: string) => frames.map(({ data }) => data).filter((data) => data.startsWith(letter));
		expect(of("a")).toEqual(["a0", "a1", "a2", "a3", "a4"]);
		expect(of("b")).toEqual(["b0", "b0.5", "b1", "b1.5", "b2", "b2.5", "b3", "b3.5", "b4", "b4.5"]);
		await stream.close();
	});

	it("resumes every channel exactly from any of its cursors", async () => {
		const [a, b] = twoChannels();
		const first = await subscribe(streamOf([a, b]), alice);
		const cursors = [(await first.expect("connected")).id];
		const order = [a, b, b, a, b, a, a, b];
		for (const [index, channel] of order.entries()) {
			await published(channel, { data: index });
			cursors.push((await first.next()).id);
		}
		await first.close();
		for (const [seen, cursor] of cursors.entries()) {
			const stream = await subscribe(streamOf([a, b]), alice, { "Last-Event-ID": cursor ?? "" });
			expect(await stream.expect("connected")).toMatchObject({ id: cursor, data: { resumed: true } });
			const missed = await stream.take(order.length - seen);
			expect(missed.map(({ data }) => Number(data)).sort()).toEqual(order.map((_, index) => index).slice(seen));
			await stream.close();
		}
	});

	it("writes envelopes that tell which channel an event is of, by the id that the publisher was told", async () => {
		const [a, b] = twoChannels();
		const stream = await subscribe(streamOf([a, b], "&envelope=1"), alice);
		await stream.expect("connected");
		const [id] = await published(b, { type: "order", data: { n: 1 } });
		expect(await stream.expect("order")).toMatchObject({ data: { channel: b, id, type: "order", data: { n: 1 } } });
		await stream.close();
	});

	it("starts each with its last events, or those since a time", async () => {
		const [a, b] = twoChannels();
		await published(a, [{ data: "a1" }, { data: "a2" }, { data: "a3" }]);
		await published(b, [{ data: "b1" }]);
		for (const [query, expected] of [
			["&rewind=2", ["a2", "a3", "b1"]],
			["&rewind=all", ["a1", "a2", "a3", "b1"]],
			["&since=0", ["a1", "a2", "a3", "b1"]],
		] as const) {
			const stream = await subscribe(streamOf([a, b], query), alice);
			await stream.expect("connected");
			expect((await stream.take(expected.length)).map(({ data }) => data).sort()).toEqual(expected);
			await stream.close();
		}
	});

	it("delivers only the types that were asked for, and moves the cursor past the others", async () => {
		const [a, b] = twoChannels();
		const stream = await subscribe(streamOf([a, b], "&type=order"), alice);
		await stream.expect("connected");
		await published(a, { type: "noise", data: 0 });
		await published(b, [
			{ type: "order", data: 1 },
			{ type: "noise", data: 2 },
		]);
		await published(a, { type: "order", data: 3 });
		const frames = await stream.take(2);
		expect(frames.map(({ data }) => data).sort()).toEqual(["1", "3"]);
		await stream.close();
		const again = await subscribe(streamOf([a, b]), alice, { "Last-Event-ID": frames[1]?.id ?? "" });
		expect(await again.expect("connected")).toMatchObject({ data: { resumed: true } });
		await published(a, { data: "next" });
		expect((await again.next()).data).toBe("next");
		await again.close();
	});

	it("cannot be given an id by what is published, whatever looks like one", async () => {
		const [a, b] = twoChannels();
		const stream = await subscribe(streamOf([a, b]), alice);
		await stream.expect("connected");
		const data = "\nid: 7\n\nid: 8\r\nid: 9\rid: 10\u2028id: 11\n";
		await published(a, { data });
		const frame = await stream.next();
		expect(frame.data).toBe(data.replaceAll("\r\n", "\n").replaceAll("\r", "\n"));
		expect(frame.id).toMatch(/^[\w-]{8}\w+\.[\w-]{8}0$/);
		await stream.close();
	});
});

describe("a gap", () => {
	it("is told of the channel that has one, and the others resume", async () => {
		const [a, b] = twoChannels();
		const first = await subscribe(streamOf([a, b]), alice);
		const { id } = await first.expect("connected");
		await first.close();
		for (let batch = 0; batch < 2; batch += 1)
			await published(
				a,
				Array.from({ length: 60 }, () => ({ data: "a" })),
			);
		await published(b, { data: "b" });
		const stream = await subscribe(streamOf([a, b]), alice, { "Last-Event-ID": id ?? "" });
		expect(await stream.expect("connected")).toMatchObject({ id, data: { resumed: false } });
		const gap = await stream.expect("gap");
		expect(gap.data).toMatchObject({ channel: a, reason: "trimmed" });
		const frames = await stream.take(101);
		expect(frames.filter(({ data }) => data === "b")).toHaveLength(1);
		await stream.close();
		// The gap was told: whoever comes back with its cursor is not told again.
		const again = await subscribe(streamOf([a, b]), alice, { "Last-Event-ID": gap.id ?? "" });
		expect(await again.expect("connected")).toMatchObject({ data: { resumed: true } });
		await again.close();
	});

	it.each(["yesterday", "1795223089000001", "dOl7K-QDz.HBaK2wDS10"])(
		"is told of every channel for the cursor %s",
		async (cursor) => {
			const [a, b] = twoChannels();
			await published(a, { data: "before" });
			const stream = await subscribe(streamOf([a, b]), alice, { "Last-Event-ID": cursor });
			expect(await stream.expect("connected")).toMatchObject({ data: { resumed: false } });
			for (const channel of [a, b]) {
				const { data } = await stream.expect("gap");
				expect(data).toMatchObject({ channel, after: cursor, reason: "foreign_cursor" });
			}
			await published(b, { data: "live" });
			expect((await stream.next()).data).toBe("live");
			await stream.close();
		},
	);

	it("is told for the cursor of one channel, also where the position would fit", async () => {
		const [a, b] = twoChannels();
		const [id = ""] = await published(a, { data: 1 });
		await published(b, { data: 1 });
		const stream = await subscribe(streamOf([a, b]), alice, { "Last-Event-ID": id });
		expect(await stream.expect("connected")).toMatchObject({ data: { resumed: false } });
		expect((await stream.expect("gap")).data).toMatchObject({ channel: a, reason: "foreign_cursor" });
		await stream.close();
	});
});

describe("a cursor of several channels", () => {
	it("resumes those that are left when one is gone, also when one is left alone", async () => {
		const [a, b] = twoChannels();
		const c = freshChannel("chat:c");
		const stream = await subscribe(streamOf([a, b, c]), alice);
		await stream.expect("connected");
		await published(a, { data: "read" });
		const { id = "" } = await stream.next();
		await stream.close();
		for (const channel of [a, b, c]) await published(channel, { data: `missed in ${channel}` });
		for (const channels of [[a, c], [b]]) {
			const back = await subscribe(streamOf(channels), alice, { "Last-Event-ID": id });
			expect(await back.expect("connected")).toMatchObject({ data: { resumed: true } });
			const missed = (await back.take(channels.length)).map(({ data }) => data);
			expect(missed.sort()).toEqual(channels.map((channel) => `missed in ${channel}`));
			for (const channel of channels) await published(channel, { data: "live" });
			expect((await back.take(channels.length)).map(({ data }) => data)).toEqual(channels.map(() => "live"));
			await back.close();
		}
	});

	it.each([
		["live", "", []],
		["with its last events", "&rewind=1", ["new 2"]],
		["with those since a time", "&since=0", ["new 1", "new 2"]],
	])("resumes what it names, and starts a channel that is new %s", async (_, query, expected) => {
		const [a, b] = twoChannels();
		const c = freshChannel("chat:c");
		const stream = await subscribe(streamOf([a, b]), alice);
		const { id = "" } = await stream.expect("connected");
		await stream.close();
		await published(a, [{ data: "missed 1" }, { data: "missed 2" }]);
		await published(c, [{ data: "new 1" }, { data: "new 2" }]);
		const back = await subscribe(streamOf([a, b, c], query), alice, { "Last-Event-ID": id });
		const { id: cursor, data } = await back.expect("connected");
		expect(data).toMatchObject({ channels: [a, b, c], resumed: true });
		expect(cursor?.split(".")).toHaveLength(3);
		const frames = await back.take(2 + expected.length);
		expect(frames.map(({ data }) => data).sort()).toEqual(["missed 1", "missed 2", ...expected]);
		await published(c, { data: "live" });
		expect((await back.next()).data).toBe("live");
		await back.close();
	});

	it("resumes nothing where it names none of the channels, and each is told so", async () => {
		const channels = twoChannels();
		const stream = await subscribe(streamOf(channels), alice);
		const { id = "" } = await stream.expect("connected");
		await stream.close();
		for (const others of [twoChannels(), [freshChannel("chat:c")]]) {
			const back = await subscribe(streamOf(others, "&rewind=all"), alice, { "Last-Event-ID": id });
			expect(await back.expect("connected")).toMatchObject({ data: { resumed: false } });
			for (const channel of others) {
				const gap = { channel, after: id, oldest: null, reason: "foreign_cursor" };
				expect((await back.expect("gap")).data).toEqual(gap);
			}
			await back.close();
		}
	});
});
