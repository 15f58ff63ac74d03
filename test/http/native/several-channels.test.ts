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

describe("a cursor of several channels", () => {
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
