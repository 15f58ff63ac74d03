import { beforeAll, describe, expect, it } from "vitest";
import { administer, freshChannel, newUser, problem, published, subscribe, type User } from "./support/service.ts";

let alice: User;

beforeAll(async () => {
	alice = await newUser("alice");
});

describe("GET /channels/{channel}", () => {
	it("tells how a channel stands", async () => {
		const channel = freshChannel();
		const ids = await published(channel, [{ data: 1 }, { data: 2 }]);
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		expect(await (await administer("GET", `/channels/${channel}`)).json()).toEqual({
			channel,
			head: ids[1],
			oldest: ids[0],
			buffered: 2,
			subscribers: 1,
			relays: expect.any(Number),
			ended: false,
			rules: expect.objectContaining({ presence: expect.any(String), replayEvents: expect.any(Number) }),
		});
		await stream.close();
	});

	it("tells a head from which a stream resumes, also where nothing was published yet", async () => {
		const channel = freshChannel();
		for (const data of ["first", "second"]) {
			const { head } = (await (await administer("GET", `/channels/${channel}`)).json()) as { head: string };
			const [id] = await published(channel, { data });
			const stream = await subscribe(`/events?channel=${channel}&lastEventId=${head}`, alice);
			expect(await stream.expect("connected")).toMatchObject({ id: head, data: { resumed: true } });
			expect(await stream.next()).toMatchObject({ id, data });
			await stream.close();
		}
	});

	it("tells of a channel that nobody has used, and leaves it so", async () => {
		const channel = freshChannel();
		const unused = {
			channel,
			head: "0",
			oldest: null,
			buffered: 0,
			subscribers: 0,
			relays: 0,
			ended: false,
			rules: expect.any(Object),
		};
		expect(await (await administer("GET", `/channels/${channel}`)).json()).toEqual(unused);
		expect(await (await administer("GET", `/channels/${channel}`)).json()).toEqual(unused);
	});
});

describe("GET /channels/{channel}/events", () => {
	it("lists what is buffered, oldest first", async () => {
		const channel = freshChannel();
		const ids = await published(channel, [{ data: "a" }, { type: "t", data: { b: 1 } }]);
		expect(await (await administer("GET", `/channels/${channel}/events`)).json()).toEqual([
			{ channel, id: ids[0], type: "message", at: expect.any(Number), data: "a" },
			{ channel, id: ids[1], type: "t", at: expect.any(Number), data: { b: 1 } },
		]);
	});

	it("goes on after an id, and stops at a limit", async () => {
		const channel = freshChannel();
		const ids = await published(channel, [{ data: 1 }, { data: 2 }, { data: 3 }]);
		const response = await administer("GET", `/channels/${channel}/events?after=${ids[0]}&limit=1`);
		expect(await response.json()).toMatchObject([{ id: ids[1] }]);
	});

	it.each(["after=x", "after=-1", "limit=0", "limit=1001", "limit=x"])("refuses %s", async (query) => {
		const response = await administer("GET", `/channels/${freshChannel()}/events?${query}`);
		expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
	});
});

describe("DELETE /channels/{channel}", () => {
	it("ends all streams, forgets all events, and tells those who come back", async () => {
		const channel = freshChannel();
		const [old] = await published(channel, [{ data: "old" }, { data: "older" }]);
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		expect(await (await administer("DELETE", `/channels/${channel}`)).json()).toEqual({ channel, ended: 1 });
		expect(JSON.parse((await stream.rest()).at(-1)?.data ?? "")).toEqual({ reason: "shutdown", reconnect: true });
		expect(await (await administer("GET", `/channels/${channel}`)).json()).toMatchObject({ buffered: 0, oldest: null });

		const [fresh] = await published(channel, { data: "new" });
		expect(Number(fresh)).toBeGreaterThan(Number(old) + 1);
		const back = await subscribe(`/events?channel=${channel}&lastEventId=${old}`, alice);
		expect(await back.expect("connected")).toMatchObject({ id: old, data: { resumed: false } });
		expect(await back.expect("gap")).toMatchObject({ data: { after: old, oldest: fresh, reason: "trimmed" } });
		expect((await back.next()).data).toBe("new");
		await back.close();
	});

	it("takes no query, lest somebody wipe a channel who meant to end a user's streams", async () => {
		const channel = freshChannel();
		await published(channel, { data: 1 });
		const response = await administer("DELETE", `/channels/${channel}?user=alice`);
		expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
		expect(await (await administer("GET", `/channels/${channel}`)).json()).toMatchObject({ buffered: 1 });
	});

	it("uses no offset twice, however often a channel is wiped within a second", async () => {
		const channel = freshChannel();
		const seen: number[] = [];
		for (let round = 0; round < 5; round += 1) {
			seen.push(...(await published(channel, [{ data: 1 }, { data: 2 }])).map(Number));
			await administer("DELETE", `/channels/${channel}`);
		}
		expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
	});
});

describe("the routes of a channel", () => {
	it("refuse an invalid channel name", async () => {
		expect(await problem(await administer("GET", "/channels/a%20b"))).toMatchObject({
			status: 400,
			code: "invalid_channel",
		});
	});
});
