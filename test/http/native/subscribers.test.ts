import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { advanceClock } from "../../support/clock.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { call, freshChannel, PUBLISH_KEY, problem, subscribe } from "../../support/service.ts";

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

describe("DELETE /channels/{channel}/subscribers", () => {
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
});
