import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { TestIssuer } from "../../support/issuer.ts";
import {
	call,
	evict,
	freshChannel,
	PUBLISH_KEY,
	problem,
	publish,
	published,
	subscribe,
} from "../../support/service.ts";

let issuer: TestIssuer;
let alice: string;

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await issuer.token();
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
		expect(data).toMatchObject({ user: "alice", channels: [a, b], resumed: false });
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

	it("is not resumed where one of the channels that it names has forgotten, whatever the others do", async () => {
		const [a, b] = twoChannels();
		const stream = await subscribe(streamOf([a, b]), alice);
		const { id = "" } = await stream.expect("connected");
		await stream.close();
		await published(a, [{ data: 1 }]);
		await env.CHANNEL.getByName(a).wipe();
		const back = await subscribe(streamOf([a, b, freshChannel("chat:c")]), alice, { "Last-Event-ID": id });
		expect(await back.expect("connected")).toMatchObject({ data: { resumed: false } });
		expect((await back.expect("gap")).data).toEqual({ channel: a, after: "0", oldest: null, reason: "trimmed" });
		await published(b, { data: "next" });
		expect((await back.next()).data).toBe("next");
		await back.close();
	});
});

describe("an object that dies", () => {
	it("is joined again from where the stream was, and the client does not notice", async () => {
		const [a, b] = twoChannels();
		const stream = await subscribe(streamOf([a, b]), alice);
		await stream.expect("connected");
		await published(a, { data: "before" });
		expect((await stream.next()).data).toBe("before");
		await abortAllDurableObjects();
		await published(a, { data: "while it was away" });
		expect((await stream.next()).data).toBe("while it was away");
		await published(b, { data: "after" });
		expect((await stream.next()).data).toBe("after");
		await stream.close();
	});

	it("loses, repeats and reorders nothing, however often it dies while events flow", async () => {
		const channels = [freshChannel("chat:a"), freshChannel("chat:b"), freshChannel("chat:c")];
		const streams = await Promise.all(channels.map(() => subscribe(streamOf(channels, "&envelope=1"), alice)));
		for (const stream of streams) await stream.expect("connected");
		const acknowledged = new Map<string, number[]>(channels.map((channel) => [channel, []]));
		const isOver = { value: false };
		const publishing = channels.map(async (channel) => {
			for (let round = 0; round < 60; round += 1) {
				const key = { "Idempotency-Key": `${channel}-${round}` };
				let response = await publish(channel, { data: round }, key);
				while (response.status === 503) response = await publish(channel, { data: round }, key);
				const { ids } = (await response.json()) as { ids: string[] };
				acknowledged.get(channel)?.push(...ids.map(Number));
			}
		});
		const dying = (async () => {
			while (!isOver.value) {
				await scheduler.wait(20 + Math.random() * 100);
				await abortAllDurableObjects();
			}
		})();
		await Promise.all(publishing);
		isOver.value = true;
		await dying;
		for (const stream of streams) {
			const seen = new Map<string, number[]>(channels.map((channel) => [channel, []]));
			for (const { event, data } of await stream.take(180)) {
				expect(event).toBeUndefined();
				const { channel, id } = JSON.parse(data) as { channel: string; id: string };
				seen.get(channel)?.push(Number(id));
			}
			expect(seen).toEqual(acknowledged);
			await stream.close();
		}
	});

	it("is joined again from where it was when it had slept before", async () => {
		const [a, b] = twoChannels();
		const stream = await subscribe(streamOf([a, b]), alice);
		await stream.expect("connected");
		for (const [round, channel] of [a, b, a, b].entries()) {
			await evict(channel);
			await published(channel, { data: round });
			expect((await stream.next()).data).toBe(`${round}`);
		}
		await stream.close();
	});
});

describe("a request for several channels", () => {
	it("is refused when one of them is not granted, and says which", async () => {
		const response = await call(streamOf(["orders", "secret"]), { headers: { Authorization: `Bearer ${alice}` } });
		const { status, code, detail } = await problem(response);
		expect({ status, code }).toEqual({ status: 403, code: "insufficient_scope" });
		expect(detail).toContain("secret");
	});

	it("is refused when one of them has ended the user's access, and says which", async () => {
		const [a, b] = twoChannels();
		await call(`/channels/${b}/subscribers?user=alice`, {
			method: "DELETE",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
		});
		const { code, detail } = await problem(await call(streamOf([a, b], `&token=${alice}`)));
		expect(code).toBe("invalid_token");
		expect(detail).toContain(b);
	});

	it("takes 32, and no more", async () => {
		const channels = Array.from({ length: 33 }, () => freshChannel());
		const stream = await subscribe(streamOf(channels.slice(1)), alice);
		expect(await stream.expect("connected")).toMatchObject({ data: { channels: channels.slice(1).sort() } });
		const last = channels.at(-1) ?? "";
		await published(last, { data: "from the last" });
		expect((await stream.next()).data).toBe("from the last");
		await stream.close();
		expect(await problem(await call(streamOf(channels, `&token=${alice}`)))).toMatchObject({ code: "invalid_request" });
		const unnameable = await call(streamOf(channels, `&channel=a%20b&token=${alice}`));
		expect(await problem(unnameable)).toMatchObject({ code: "invalid_channel" });
	});

	it("is refused when its claims are more than a sleeping channel can keep", async () => {
		const token = await issuer.token({ essay: "x".repeat(15_000) });
		const { code, detail } = await problem(
			await call(streamOf(["orders"]), { headers: { Authorization: `Bearer ${token}` } }),
		);
		expect(code).toBe("invalid_request");
		expect(detail).toContain("fewer claims");
	});
});

describe("the end of a stream of several channels", () => {
	it("comes when one of the channels ends it for good", async () => {
		const [a, b] = twoChannels();
		const stream = await subscribe(streamOf([a, b]), alice);
		await stream.expect("connected");
		await call(`/channels/${b}/subscribers?user=alice`, {
			method: "DELETE",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
		});
		expect(await stream.expect("closing")).toMatchObject({ data: { reason: "revoked", reconnect: false } });
		expect(await stream.rest()).toEqual([]);
		await expect.poll(() => subscribers(a)).toEqual([]);
	});

	it("has one id in all of them, which tells none of its channels", async () => {
		const [a, b] = twoChannels();
		const stream = await subscribe(streamOf([a, b]), alice);
		const { connection } = (await stream.expect("connected")).data as { connection: string };
		for (const channel of [a, b]) expect(await subscribers(channel)).toMatchObject([{ connection }]);
		for (const channel of [a, b]) expect(connection).not.toContain(channel);
		await stream.close();
	});

	it("is put off in all of them by a new token", async () => {
		const [a, b] = twoChannels();
		const now = Math.floor(Date.now() / 1000);
		const stream = await subscribe(streamOf([a, b]), await issuer.token({ exp: now + 100 }));
		const { data } = await stream.expect("connected");
		const { connection } = data as { connection: string };
		const renewed = await issuer.token({ exp: now + 500, role: "admin" });
		const answer = await call(`/connections/${connection}`, {
			method: "PUT",
			headers: { Authorization: `Bearer ${renewed}` },
		});
		expect(await answer.json()).toEqual({ connection, expires: now + 500 });
		// The claims of the new token hold in the other channel too.
		await expect
			.poll(async () => {
				await published(b, { data: "for admins", to: { claims: { role: "admin" } } });
				return (await Promise.race([stream.next(), scheduler.wait(50)]))?.data;
			})
			.toBe("for admins");
		await stream.close();
	});

	it("cannot be put off by a token that does not grant all of them", async () => {
		const [a, b] = twoChannels();
		const stream = await subscribe(streamOf([a, b]), alice);
		const { data } = await stream.expect("connected");
		const { connection } = data as { connection: string };
		const narrower = await issuer.token({ channels: [a], exp: Math.floor(Date.now() / 1000) + 7200 });
		const answer = await call(`/connections/${connection}`, {
			method: "PUT",
			headers: { Authorization: `Bearer ${narrower}` },
		});
		const { code, detail } = await problem(answer);
		expect(code).toBe("insufficient_scope");
		expect(detail).toContain(b);
		await stream.close();
	});
});

async function subscribers(channel: string): Promise<unknown> {
	const response = await call(`/channels/${channel}/subscribers`, {
		headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
	});
	return await response.json();
}
