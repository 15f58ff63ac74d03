import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { advanceClock } from "../../support/clock.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { call, freshChannel, PUBLISH_KEY, problem, published, subscribe } from "../../support/service.ts";
import type { SseReader } from "../../support/sse.ts";

let issuer: TestIssuer;
let alice: string;
let bob: string;

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await issuer.token();
	bob = await issuer.token({ sub: "bob" });
});

afterEach(() => {
	vi.useRealTimers();
});

function administer(method: string, path: string): Promise<Response> {
	return call(path, { method, headers: { Authorization: `Bearer ${PUBLISH_KEY}` } });
}

async function connectionOf(stream: SseReader): Promise<string> {
	return ((await stream.expect("connected")).data as { connection: string }).connection;
}

describe("GET /channels/{channel}/subscribers", () => {
	it("lists who has a stream open, and since when", async () => {
		const channel = freshChannel();
		const streams = [
			await subscribe(`/events?channel=${channel}`, alice),
			await subscribe(`/events?channel=${channel}`, bob),
		];
		const connections = await Promise.all(streams.map(connectionOf));
		const since = expect.any(Number);
		expect(await (await administer("GET", `/channels/${channel}/subscribers`)).json()).toEqual([
			{ connection: connections[0], user: "alice", since },
			{ connection: connections[1], user: "bob", since },
		]);
		for (const stream of streams) await stream.close();
	});

	it("lists nobody where nobody is", async () => {
		expect(await (await administer("GET", `/channels/${freshChannel()}/subscribers`)).json()).toEqual([]);
	});
});

describe("DELETE /channels/{channel}/subscribers", () => {
	it("ends a user's streams for good, and nobody else's", async () => {
		const channel = freshChannel();
		const mine = [
			await subscribe(`/events?channel=${channel}`, alice),
			await subscribe(`/events?channel=${channel}`, alice),
		];
		const other = await subscribe(`/events?channel=${channel}`, bob);
		const response = await administer("DELETE", `/channels/${channel}/subscribers?user=alice`);
		expect(await response.json()).toEqual({ channel, ended: 2 });
		for (const stream of mine) {
			const frames = await stream.rest();
			expect(frames.map(({ event }) => event)).toEqual(["connected", "closing"]);
			expect(JSON.parse(frames[1]?.data ?? "")).toEqual({ reason: "revoked", reconnect: false });
		}
		await published(channel, { data: "still here" });
		await other.expect("connected");
		expect((await other.next()).data).toBe("still here");
		await other.close();
	});

	it("tells clients that come back whatever `closing` says to wait for an hour, with their cursor", async () => {
		const channel = freshChannel();
		const [id] = await published(channel, { data: "read" });
		const response = await call(`/events?channel=${channel}&rewind=1&token=${alice}`);
		await administer("DELETE", `/channels/${channel}/subscribers?user=alice`);
		expect(await response.text()).toMatch(new RegExp(`\n\nretry: 3600000\nevent: closing\nid: ${id}\ndata: .*\n\n$`));
	});

	it("refuses the user's older tokens and tickets of this channel, and of no other", async () => {
		const channel = freshChannel();
		const headers = { Authorization: `Bearer ${alice}`, "Content-Type": "application/json" };
		const asked = await call("/tickets", { method: "POST", headers, body: '{"resumable":true}' });
		const { ticket } = (await asked.json()) as { ticket: string };
		await administer("DELETE", `/channels/${channel}/subscribers?user=alice`);
		// A ticket that is made from the old token now is no newer than the token.
		const again = await call("/tickets", { method: "POST", headers, body: "{}" });
		const late = ((await again.json()) as { ticket: string }).ticket;
		for (const query of [`token=${alice}`, `ticket=${ticket}`, `ticket=${ticket}&lastEventId=1`, `ticket=${late}`]) {
			expect(await problem(await call(`/events?channel=${channel}&${query}`))).toMatchObject({
				status: 401,
				code: "invalid_token",
			});
		}
		const elsewhere = await subscribe(`/events?channel=${freshChannel()}`, alice);
		await elsewhere.close();
		const bobs = await subscribe(`/events?channel=${channel}`, bob);
		await bobs.close();
	});

	it("lets the user in again with what was issued since", async () => {
		const channel = freshChannel();
		await administer("DELETE", `/channels/${channel}/subscribers?user=alice`);
		advanceClock(62);
		const stream = await subscribe(`/events?channel=${channel}`, await issuer.token());
		await stream.close();
	});

	it.each([0, 1, 59])("refuses a token that a clock %d s ahead says was issued since", async (ahead) => {
		const channel = freshChannel();
		const iat = Math.floor(Date.now() / 1000) + ahead;
		const token = await issuer.token({ iat });
		const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
		const asked = await call("/tickets", { method: "POST", headers, body: '{"resumable":true}' });
		const { ticket } = (await asked.json()) as { ticket: string };
		await administer("DELETE", `/channels/${channel}/subscribers?user=alice`);
		for (const seconds of [1, 59, 240]) {
			advanceClock(seconds);
			for (const query of [`token=${token}`, `ticket=${ticket}&lastEventId=1`]) {
				expect(await problem(await call(`/events?channel=${channel}&${query}`))).toMatchObject({
					status: 401,
					code: "invalid_token",
				});
			}
		}
	});

	it.each([61, 3600, 1e12])("never lets a token in that was issued %d s ahead of the clock", async (ahead) => {
		const token = await issuer.token({ iat: Math.floor(Date.now() / 1000) + ahead + 5, publish: ["*"] });
		const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
		for (const response of [
			await call(`/events?channel=orders&token=${token}`),
			await call("/tickets", { method: "POST", headers, body: "{}" }),
			await call("/channels/orders/events", { method: "POST", headers, body: '{"data":1}' }),
			await call("/connections/x", { method: "PUT", headers }),
		]) {
			expect(await problem(response)).toMatchObject({
				status: 401,
				code: "invalid_token",
				detail: expect.stringContaining("`iat`"),
			});
		}
	});

	it("lets the user in again at once with a new ticket of a publish key, which the service's own clock dates", async () => {
		const channel = freshChannel();
		const ticketFor = async () => {
			const headers = { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" };
			const body = JSON.stringify({ user: "alice", channels: [channel] });
			const response = await call("/tickets", { method: "POST", headers, body });
			return ((await response.json()) as { ticket: string }).ticket;
		};
		const before = await ticketFor();
		await administer("DELETE", `/channels/${channel}/subscribers?user=alice`);
		advanceClock(1);
		expect(await problem(await call(`/events?channel=${channel}&ticket=${before}`))).toMatchObject({
			code: "invalid_token",
		});
		const response = await call(`/events?channel=${channel}&ticket=${await ticketFor()}`);
		expect(response.status).toBe(200);
		await response.body?.cancel();
	});

	it("remembers a user for a day", async () => {
		const channel = freshChannel();
		const token = await issuer.token({ exp: Math.floor(Date.now() / 1000) + 200_000 });
		await administer("DELETE", `/channels/${channel}/subscribers?user=alice`);
		advanceClock(86_000);
		expect(await problem(await call(`/events?channel=${channel}&token=${token}`))).toMatchObject({
			code: "invalid_token",
		});
		advanceClock(1000);
		const stream = await subscribe(`/events?channel=${channel}`, token);
		await stream.close();
	});

	it("ends a single stream, whose client may not come back by itself but is not refused", async () => {
		const channel = freshChannel();
		const ended = await subscribe(`/events?channel=${channel}`, alice);
		const other = await subscribe(`/events?channel=${channel}`, alice);
		const connection = encodeURIComponent(await connectionOf(ended));
		const response = await administer("DELETE", `/channels/${channel}/subscribers?connection=${connection}`);
		expect(await response.json()).toEqual({ channel, ended: 1 });
		expect((await ended.rest()).map(({ event }) => event)).toEqual(["closing"]);
		await published(channel, { data: 1 });
		await other.expect("connected");
		expect((await other.next()).data).toBe("1");
		const back = await subscribe(`/events?channel=${channel}`, alice);
		for (const stream of [other, back]) await stream.close();
	});

	it.each(["", "?user=", "?user=*", "?user=%2A", "?user=a&connection=b", "?user=a&user=b", "?usr=a"])(
		"refuses %j, lest it end the wrong ones",
		async (query) => {
			const response = await administer("DELETE", `/channels/orders/subscribers${query}`);
			expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
		},
	);
});
