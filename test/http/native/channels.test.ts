import { beforeAll, describe, expect, it } from "vitest";
import { TestIssuer } from "../../support/issuer.ts";
import { call, freshChannel, PUBLISH_KEY, problem, published, subscribe } from "../../support/service.ts";

let issuer: TestIssuer;

beforeAll(async () => {
	issuer = await TestIssuer.start();
});

function get(path: string, credential = PUBLISH_KEY): Promise<Response> {
	return call(path, { headers: { Authorization: `Bearer ${credential}` } });
}

describe("GET /channels/{channel}", () => {
	it("tells how a channel stands", async () => {
		const channel = freshChannel();
		const ids = await published(channel, [{ data: 1 }, { data: 2 }]);
		const stream = await subscribe(`/events?channel=${channel}`, await issuer.token());
		expect(await (await get(`/channels/${channel}`)).json()).toEqual({
			channel,
			head: ids[1],
			oldest: ids[0],
			buffered: 2,
			subscribers: 1,
		});
		await stream.close();
	});

	it("tells a head from which a stream resumes, also where nothing was published yet", async () => {
		const channel = freshChannel();
		for (const data of ["first", "second"]) {
			const { head } = (await (await get(`/channels/${channel}`)).json()) as { head: string };
			const [id] = await published(channel, { data });
			const stream = await subscribe(`/events?channel=${channel}&lastEventId=${head}`, await issuer.token());
			expect(await stream.expect("connected")).toMatchObject({ id: head, data: { resumed: true } });
			expect(await stream.next()).toMatchObject({ id, data });
			await stream.close();
		}
	});

	it("tells of a channel that nobody has used, and leaves it so", async () => {
		const channel = freshChannel();
		const unused = { channel, head: "0", oldest: null, buffered: 0, subscribers: 0 };
		expect(await (await get(`/channels/${channel}`)).json()).toEqual(unused);
		expect(await (await get(`/channels/${channel}`)).json()).toEqual(unused);
	});
});

describe("GET /channels/{channel}/events", () => {
	it("lists what is buffered, oldest first", async () => {
		const channel = freshChannel();
		const ids = await published(channel, [{ data: "a" }, { type: "t", data: { b: 1 } }]);
		expect(await (await get(`/channels/${channel}/events`)).json()).toEqual([
			{ channel, id: ids[0], type: "message", at: expect.any(Number), data: "a" },
			{ channel, id: ids[1], type: "t", at: expect.any(Number), data: { b: 1 } },
		]);
	});

	it("goes on after an id, and stops at a limit", async () => {
		const channel = freshChannel();
		const ids = await published(channel, [{ data: 1 }, { data: 2 }, { data: 3 }]);
		const response = await get(`/channels/${channel}/events?after=${ids[0]}&limit=1`);
		expect(await response.json()).toMatchObject([{ id: ids[1] }]);
	});

	it.each(["after=x", "after=-1", "limit=0", "limit=1001", "limit=x"])("refuses %s", async (query) => {
		const response = await get(`/channels/orders/events?${query}`);
		expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
	});
});

describe("the channel routes", () => {
	it("ask for a publish key: they show what is addressed to anybody", async () => {
		const token = await issuer.token({ publish: ["*"] });
		for (const path of ["/channels/orders", "/channels/orders/events"]) {
			expect(await problem(await call(path))).toMatchObject({ status: 401, code: "missing_token" });
			expect(await problem(await get(path, token))).toMatchObject({ status: 403, code: "insufficient_scope" });
		}
	});

	it("refuse a name that is none", async () => {
		expect(await problem(await get("/channels/a%20b"))).toMatchObject({ status: 400, code: "invalid_channel" });
	});
});
