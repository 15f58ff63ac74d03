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
