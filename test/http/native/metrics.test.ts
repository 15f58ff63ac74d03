import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../src/http/app.ts";
import { advanceClock } from "../../support/clock.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { countedSince, readChannelMetrics, readMetrics, samplesOf } from "../../support/metrics.ts";
import { call, freshChannel, PUBLISH_KEY, problem, publish, published, subscribe } from "../../support/service.ts";
import { openPublisher, SocketReader } from "../../support/socket.ts";

const KEY = { Authorization: `Bearer ${PUBLISH_KEY}` };
const NOTHING = {
	events_published_total: 0,
	events_delivered_total: 0,
	events_replayed_total: 0,
	streams_cut_total: 0,
	streams_open: 0,
	publish_duration_seconds_count: 0,
};

let issuer: TestIssuer;
let alice: string;

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await issuer.token();
});

afterEach(() => {
	vi.useRealTimers();
});

/** The app with other settings or bindings. */
function callWith(settings: object, path: string, headers: HeadersInit = KEY): Promise<Response> {
	const app = createApp({});
	return Promise.resolve(app.request(`http://tidings.test${path}`, { headers }, { ...env, ...settings }));
}

describe("GET /metrics", () => {
	it("is Prometheus' text format, with a help and a type for each metric", async () => {
		const response = await call("/metrics", { headers: KEY });
		expect(response.status).toBe(200);
		expect(response.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
		const text = await response.text();
		expect(text.match(/^# TYPE .+$/gm)).toEqual([
			"# TYPE tidings_events_published_total counter",
			"# TYPE tidings_events_delivered_total counter",
			"# TYPE tidings_events_replayed_total counter",
			"# TYPE tidings_streams_cut_total counter",
			"# TYPE tidings_streams_open gauge",
			"# TYPE tidings_publish_duration_seconds histogram",
		]);
		expect(text.match(/^# HELP tidings_\S+ .+\.$/gm)).toHaveLength(6);
		expect(text).toMatch(/\n$/);
	});

	it("counts the events that were published, and how long their publishes took", async () => {
		const channel = freshChannel();
		const before = await readMetrics();
		await published(channel, { data: 1 });
		await published(channel, [{ data: 2 }, { data: 3 }]);
		expect(await countedSince(before)).toEqual({
			...NOTHING,
			events_published_total: 3,
			publish_duration_seconds_count: 2,
		});
	});

	it("counts what was published over a WebSocket alike", async () => {
		const socket = await openPublisher(freshChannel(), PUBLISH_KEY);
		const before = await readMetrics();
		for (const ref of [1, 2]) socket.send({ ref, events: [{ data: 1 }, { data: 2 }], idempotencyKey: "k" });
		socket.send({ ref: 3, events: [{ data: 3 }] });
		await socket.take(3);
		const counted = { ...NOTHING, events_published_total: 3, publish_duration_seconds_count: 2 };
		await expect.poll(() => countedSince(before), { timeout: 5000 }).toEqual(counted);
		socket.close();
	});

	it("does not count what stored nothing: refused publishes, and repeated ones", async () => {
		const channel = freshChannel();
		await publish(channel, { data: 1 }, { "Idempotency-Key": "k" });
		const before = await readMetrics();
		expect((await publish(channel, { data: 1 }, { "Idempotency-Key": "k" })).status).toBe(201);
		expect((await publish(channel, { data: 1 }, { "If-Match": '"1"' })).status).toBe(412);
		expect((await publish(channel, { nonsense: 1 })).status).toBe(400);
		expect(await countedSince(before)).toEqual(NOTHING);
	});

	it("counts an event once for each stream that it was written to", async () => {
		const channel = freshChannel();
		const before = await readMetrics();
		const streams = [
			await subscribe(`/events?channel=${channel}`, alice),
			await subscribe(`/events?channel=${channel}`, alice),
			await subscribe(`/events?channel=${channel}&type=other`, alice),
		];
		await published(channel, [{ data: 1 }, { data: 2, to: { user: "bob" } }, { data: 3 }]);
		const counted = {
			...NOTHING,
			events_published_total: 3,
			events_delivered_total: 4,
			publish_duration_seconds_count: 1,
		};
		await expect.poll(() => countedSince(before), { timeout: 5000 }).toEqual({ ...counted, streams_open: 3 });
		for (const stream of streams) await stream.close();
		await expect.poll(() => countedSince(before), { timeout: 15_000 }).toEqual(counted);
	});

	it("counts what was replayed, besides counting it as delivered", async () => {
		const channel = freshChannel();
		const [first = ""] = await published(channel, [{ data: 1 }, { data: 2 }, { data: 3 }]);
		const before = await readMetrics();
		const stream = await subscribe(`/events?channel=${channel}`, alice, { "Last-Event-ID": first });
		await published(channel, { data: 4 });
		expect(await stream.take(4)).toHaveLength(4);
		await expect
			.poll(() => countedSince(before), { timeout: 5000 })
			.toMatchObject({ events_delivered_total: 3, events_replayed_total: 2 });
		await stream.close();
	});

	it("counts a stream of several channels, and a WebSocket, as one", async () => {
		const channels = [freshChannel(), freshChannel()];
		const before = await readMetrics();
		const stream = await subscribe(`/events?channel=${channels.join("&channel=")}`, alice);
		const socket = await SocketReader.open();
		socket.send({ type: "auth", token: alice, channels });
		await socket.next();
		expect(await countedSince(before)).toEqual({ ...NOTHING, streams_open: 2 });
		for (const channel of channels) expect(await readChannelMetrics(channel)).toMatchObject({ streams_open: 2 });
		await published(channels[0] ?? "", { data: 1 });
		await socket.next();
		expect(await countedSince(before)).toMatchObject({ events_delivered_total: 2, streams_open: 2 });
		await stream.close();
		socket.close();
		await expect.poll(() => countedSince(before)).toMatchObject({ streams_open: 0 });
	});

	it("counts a stream that is cut as a slow consumer", async () => {
		const channel = freshChannel();
		const before = await readMetrics();
		const slow = await call(`/events?channel=${channel}&token=${alice}`);
		const other = await subscribe(`/events?channel=${channel}`, alice);
		await other.expect("connected");
		for (let event = 0; event < 40; event += 1) {
			await published(channel, { data: "x".repeat(60_000) });
			await other.next();
		}
		advanceClock(6);
		await published(channel, { data: "one more" });
		expect(await readChannelMetrics(channel)).toMatchObject({ streams_cut_total: 1, streams_open: 1 });
		await slow.text();
		vi.useRealTimers();
		await expect.poll(() => countedSince(before), { timeout: 15_000 }).toMatchObject({ streams_cut_total: 1 });
		await other.close();
	});

	it("does not count somebody's stream that was refused", async () => {
		const before = await readMetrics();
		const refused = await call(`/events?channel=orders&channel=secret&token=${alice}`);
		expect(refused.status).toBe(403);
		expect(await countedSince(before)).toEqual(NOTHING);
	});
});

describe("GET /metrics?channel=", () => {
	it("tells of each channel that is named, once, with its name as a label", async () => {
		const [one, two] = [freshChannel(), freshChannel()];
		const stream = await subscribe(`/events?channel=${one}`, alice);
		await published(one, [{ data: 1 }, { data: 2 }]);
		await published(two, { data: 3 });
		const response = await call(`/metrics?channel=${one}&channel=${two}&channel=${one}`, { headers: KEY });
		expect(samplesOf(await response.text())).toMatchObject({
			[`events_published_total{channel="${one}"}`]: 2,
			[`events_published_total{channel="${two}"}`]: 1,
			[`events_delivered_total{channel="${one}"}`]: 2,
			[`events_delivered_total{channel="${two}"}`]: 0,
			[`streams_open{channel="${one}"}`]: 1,
			[`streams_open{channel="${two}"}`]: 0,
			[`publish_duration_seconds_bucket{channel="${one}",le="+Inf"}`]: 1,
			[`publish_duration_seconds_count{channel="${two}"}`]: 1,
		});
		await stream.close();
	});

	it("leaves a channel that nobody has used as it is", async () => {
		const channel = freshChannel();
		expect(await readChannelMetrics(channel)).toEqual(NOTHING);
		expect(await env.CHANNEL.getByName(channel).state()).toMatchObject({ head: "0" });
	});

	it("takes 32 channels, and no more", async () => {
		const query = Array.from({ length: 32 }, () => `channel=${freshChannel()}`).join("&");
		expect((await call(`/metrics?${query}`, { headers: KEY })).status).toBe(200);
		const refused = await problem(await call(`/metrics?${query}&channel=${freshChannel()}`, { headers: KEY }));
		expect(refused).toMatchObject({ status: 400, code: "invalid_request" });
	});

	it("refuses what can be no channel", async () => {
		expect(await problem(await call("/metrics?channel=a%20b", { headers: KEY }))).toMatchObject({
			status: 400,
			code: "invalid_channel",
		});
	});
});

describe("who may read the metrics", () => {
	it("is nobody without credentials, and nobody with a token", async () => {
		expect(await problem(await call("/metrics"))).toMatchObject({ status: 401, code: "missing_token" });
		const token = await issuer.token({ publish: ["*"] });
		const refused = await problem(await call("/metrics", { headers: { Authorization: `Bearer ${token}` } }));
		expect(refused).toMatchObject({ status: 403, code: "insufficient_scope" });
	});

	it("is a publish key, which sees single channels where it may publish to them", async () => {
		const settings = { PUBLISH_KEYS: "a-key-that-is-for-probes-only-01234=probe" };
		const headers = { Authorization: "Bearer a-key-that-is-for-probes-only-01234" };
		expect((await callWith(settings, "/metrics", headers)).status).toBe(200);
		expect((await callWith(settings, "/metrics?channel=probe", headers)).status).toBe(200);
		expect(await problem(await callWith(settings, "/metrics?channel=orders", headers))).toMatchObject({
			status: 403,
			code: "insufficient_scope",
		});
	});
});

describe("a Worker without the binding METRICS", () => {
	it("says what is missing, and still tells of single channels", async () => {
		const refused = await problem(await callWith({ METRICS: undefined }, "/metrics"));
		expect(refused).toMatchObject({ status: 404, code: "not_found" });
		expect(refused.detail).toContain("METRICS");
		expect((await callWith({ METRICS: undefined }, "/metrics?channel=orders")).status).toBe(200);
	});
});
