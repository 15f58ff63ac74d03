import { beforeAll, describe, expect, it } from "vitest";
import { TestIssuer } from "../../support/issuer.ts";
import { call, freshChannel, problem, published, subscribe } from "../../support/service.ts";
import { readUntil, SseReader } from "../../support/sse.ts";

let issuer: TestIssuer;
let alice: string;

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await issuer.token();
});

describe("GET /events", () => {
	it("says first who is connected to what, from which position, and how soon to come back", async () => {
		const channel = freshChannel();
		const exp = Math.floor(Date.now() / 1000) + 600;
		const response = await call(`/events?channel=${channel}&token=${await issuer.token({ exp })}`);
		const lines = (await readUntil(response, "\n\n")).split("\n");
		expect(lines.slice(0, 3)).toEqual([expect.stringMatching(/^retry: \d{4}$/), "event: connected", "id: 0"]);
		expect(JSON.parse(lines[3]?.slice("data: ".length) ?? "")).toEqual({
			connection: expect.stringMatching(/^[\w-]{86}$/),
			user: "alice",
			channels: [channel],
			resumed: false,
			expires: exp,
		});
	});

	it("says how soon to come back, a quarter more or less than RETRY_MILLISECONDS, and not the same to all", async () => {
		const retries = new Set<number>();
		const channel = freshChannel();
		for (let stream = 0; stream < 10; stream += 1) {
			const response = await call(`/events?channel=${channel}`, { headers: { Authorization: `Bearer ${alice}` } });
			const [line] = (await readUntil(response, "\n\n")).split("\n");
			retries.add(Number(line?.slice("retry: ".length)));
		}
		expect(Math.min(...retries)).toBeGreaterThanOrEqual(1500);
		expect(Math.max(...retries)).toBeLessThanOrEqual(2500);
		expect(retries.size).toBeGreaterThan(1);
	});

	it("takes its token from the query too, as EventSource needs it", async () => {
		const response = await call(`/events?channel=${freshChannel()}&token=${alice}`);
		expect(response.status).toBe(200);
		await response.body?.cancel();
	});
});

describe("resuming", () => {
	it("tells a gap, and replays what is left, when the events after the cursor were trimmed", async () => {
		const channel = freshChannel();
		const [first] = await published(channel, { data: "first" });
		const batch = Array.from({ length: 100 }, (_, index) => ({ data: String(index) }));
		await published(channel, { data: "trimmed" });
		const ids = await published(channel, batch);
		const stream = await subscribe(`/events?channel=${channel}&lastEventId=${first}`, alice);
		expect(await stream.expect("connected")).toMatchObject({ id: first, data: { resumed: false } });
		expect(await stream.expect("gap")).toEqual({
			id: String(Number(ids[0]) - 1),
			data: { channel, after: first, oldest: ids[0], reason: "trimmed" },
		});
		expect((await stream.take(100)).map(({ id }) => id)).toEqual(ids);
		await stream.close();
	});

	it("replays more than a stream may have waiting, piece by piece, without a hole", async () => {
		const channel = freshChannel();
		const [start] = await published(channel, { data: "start" });
		const large = "x".repeat(60_000);
		for (let batch = 0; batch < 9; batch += 1) {
			await published(
				channel,
				Array.from({ length: 10 }, (_, index) => ({ data: `${batch}${index}${large}` })),
			);
		}
		const stream = await subscribe(`/events?channel=${channel}&lastEventId=${start}`, alice);
		await stream.expect("connected");
		await published(channel, { data: "live" });
		const frames = await stream.take(91);
		expect(frames.map(({ id }) => Number(id) - Number(start))).toEqual(Array.from({ length: 91 }, (_, i) => i + 1));
		expect(frames.at(-1)?.data).toBe("live");
		await stream.close();
	});
});

describe("a plain stream that is not read", () => {
	it("ends when it has lost events, and is told so when it comes back with its cursor", async () => {
		const channel = freshChannel();
		const path = `/events?channel=${channel}&control=0&token=${alice}`;
		const response = await call(path);
		const large = Array.from({ length: 10 }, () => ({ data: "x".repeat(60_000) }));
		// More than may wait for it, and then more than the channel remembers.
		for (let batch = 0; batch < 14; batch += 1) await published(channel, large);
		const frames = await new SseReader(response).rest();
		expect(frames.length).toBeGreaterThan(10);
		expect(frames.length).toBeLessThan(140);
		const [first, last] = [frames[0], frames.at(-1)].map((frame) => Number(frame?.id));
		expect(last).toBe((first ?? 0) + frames.length - 1);
		const refusal = await problem(await call(path, { headers: { "Last-Event-ID": `${last}` } }));
		expect(refusal).toMatchObject({ status: 410, code: "gap" });
	});
});

describe("refused subscriptions", () => {
	it("a user's 21st stream of a channel, until another one is closed", async () => {
		const channel = freshChannel();
		const streams = await Promise.all(Array.from({ length: 20 }, () => subscribe(`/events?channel=${channel}`, alice)));
		const response = await call(`/events?channel=${channel}&token=${alice}`);
		expect(response.headers.get("Retry-After")).toMatch(/^\d+$/);
		expect(await problem(response)).toMatchObject({ status: 429, code: "too_many_connections" });
		const bob = await subscribe(`/events?channel=${channel}`, await issuer.token({ sub: "bob" }));
		await bob.close();
		await streams[0]?.close();
		const again = await subscribe(`/events?channel=${channel}`, alice);
		for (const stream of [...streams.slice(1), again]) await stream.close();
	});
});
