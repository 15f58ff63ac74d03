import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { advanceClock } from "../../support/clock.ts";
import { TestIssuer } from "../../support/issuer.ts";
import {
	CHANNELS_SLEEP,
	call,
	evict,
	freshChannel,
	PUBLISH_KEY,
	problem,
	published,
	subscribe,
} from "../../support/service.ts";
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

describe("PUT /connections/{connection}", () => {
	function renew(connection: string, token: string): Promise<Response> {
		const headers = { Authorization: `Bearer ${token}` };
		return call(`/connections/${encodeURIComponent(connection)}`, { method: "PUT", headers });
	}

	it("lets a stream live on with its user's new token, and what that says of them", async () => {
		const channel = freshChannel();
		const now = Math.floor(Date.now() / 1000);
		const stream = await subscribe(`/events?channel=${channel}`, await issuer.token({ exp: now + 600 }));
		const connection = await connectionOf(stream);
		const response = await renew(connection, await issuer.token({ exp: now + 7200, role: "admin" }));
		expect(await response.json()).toEqual({ connection, expires: now + 7200 });
		advanceClock(3600);
		await published(channel, [{ data: "for admins", to: { claims: { role: "admin" } } }]);
		expect((await stream.next()).data).toBe("for admins");
		await stream.close();
	});

	it("is refused to another user, for a channel that the token does not grant, and for what is no stream", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		const connection = await connectionOf(stream);
		expect(await problem(await renew(connection, bob))).toMatchObject({ status: 403, code: "insufficient_scope" });
		const narrow = await issuer.token({ channels: [] });
		expect(await problem(await renew(connection, narrow))).toMatchObject({ status: 403, code: "insufficient_scope" });
		await stream.close();
		const named = `${crypto.randomUUID()}.${channel}`;
		const changed = connection.replace(/.$/, (last) => (last === "A" ? "w" : "A"));
		for (const unknown of ["nonsense", "%", named, `${connection}A`, changed, connection.slice(0, -4)]) {
			expect(await problem(await renew(unknown, alice))).toMatchObject({ status: 404, code: "not_found" });
		}
		await expect.poll(async () => (await renew(connection, alice)).status).toBe(404);
	});

	it("tells another user nothing of the stream's channels", async () => {
		const channel = freshChannel("secret:");
		const stream = await subscribe(`/events?channel=${channel}`, await issuer.token({ channels: ["secret:*"] }));
		const { detail } = await problem(await renew(await connectionOf(stream), bob));
		expect(detail).toBe("This stream was opened by another user. Renew your own.");
		await stream.close();
	});

	it("finds a stream whose channel may sleep", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		const connection = await connectionOf(stream);
		if (CHANNELS_SLEEP) await evict(channel);
		expect((await renew(connection, alice)).status).toBe(200);
		await stream.close();
	});

	it("changes nothing for a token that ends before the one that the stream has", async () => {
		const now = Math.floor(Date.now() / 1000);
		const stream = await subscribe(`/events?channel=${freshChannel()}`, await issuer.token({ exp: now + 600 }));
		const response = await renew(await connectionOf(stream), await issuer.token({ exp: now + 60 }));
		expect(await response.json()).toMatchObject({ expires: now + 600 });
		await stream.close();
	});

	it("is refused with a token from before its user was revoked", async () => {
		const channel = freshChannel();
		await administer("DELETE", `/channels/${channel}/subscribers?user=alice`);
		advanceClock(62);
		const stream = await subscribe(`/events?channel=${channel}`, await issuer.token());
		const response = await renew(await connectionOf(stream), alice);
		expect(await problem(response)).toMatchObject({ status: 401, code: "invalid_token" });
		await stream.close();
	});

	it("asks for a token: a ticket or a publish key will not do", async () => {
		expect(await problem(await call("/connections/x", { method: "PUT" }))).toMatchObject({ code: "missing_token" });
		expect(await problem(await renew("x", PUBLISH_KEY))).toMatchObject({ code: "invalid_token" });
	});
});

describe("the administrator's routes", () => {
	it.each([
		["GET", "/channels/orders/subscribers"],
		["DELETE", "/channels/orders/subscribers?user=alice"],
		["DELETE", "/channels/orders"],
	])("%s %s asks for a publish key", async (method, path) => {
		expect(await problem(await call(path, { method }))).toMatchObject({ status: 401, code: "missing_token" });
		const headers = { Authorization: `Bearer ${await issuer.token({ publish: ["*"] })}` };
		expect(await problem(await call(path, { method, headers }))).toMatchObject({ code: "insufficient_scope" });
	});
});
