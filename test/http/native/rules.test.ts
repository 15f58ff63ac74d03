import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createTidings, type PublishEntrypoint } from "../../../src/index.ts";
import { CHANNEL_URL, joinHeaders } from "../../../src/wire/link.ts";
import { advanceClock, alarmTime } from "../../support/clock.ts";
import { TestIssuer } from "../../support/issuer.ts";
import {
	CHANNELS_SLEEP,
	CROWD_SIZE,
	call,
	callWith,
	freshChannel,
	PUBLISH_KEY,
	problem,
	publish,
	published,
	subscribe,
} from "../../support/service.ts";
import { openPublisher, SocketReader } from "../../support/socket.ts";
import { subscriptionOf } from "../../support/subscription.ts";

/** The rules are those of `vitest.config.ts`. */

let issuer: TestIssuer;
let alice: string;

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await tokenOf("alice");
});

afterEach(() => {
	vi.useRealTimers();
});

function tokenOf(sub: string): Promise<string> {
	return issuer.token({ sub, channels: ["ruled:*"] });
}

async function stateOf(channel: string): Promise<unknown> {
	const response = await call(`/channels/${channel}`, { headers: { Authorization: `Bearer ${PUBLISH_KEY}` } });
	return await response.json();
}

/** How many streams of a channel the Worker holds. */
function sessionsOf(channel: string): Promise<number> {
	return runInDurableObject(env.CHANNEL.getByName(channel), (_, state) => state.getWebSockets().length);
}

async function refusedStream(channel: string, token: string): Promise<unknown> {
	return await problem(await call(`/events?channel=${channel}`, { headers: { Authorization: `Bearer ${token}` } }));
}

describe("GET /channels/{channel}", () => {
	it("shows the rules that are in effect, and the settings where no rule says otherwise", async () => {
		const rules = {
			match: "ruled:long:*",
			delivery: CHANNELS_SLEEP ? "hibernate" : "direct",
			replayEvents: 1000,
			replaySeconds: 172_800,
			maxEventBytes: 65_536,
			maxSubscribers: 1_000_000,
			crowdSize: CROWD_SIZE,
			maxConnectionsPerUser: 20,
			presence: "on",
			anonymous: false,
		};
		expect(await stateOf(freshChannel("ruled:long:"))).toMatchObject({ rules });
		const settings = { ...rules, match: null, replayEvents: 100, replaySeconds: 86_400 };
		expect(await stateOf(freshChannel())).toMatchObject({ rules: settings });
	});
});

describe("the rule `delivery`", () => {
	it.each([
		["ruled:direct:", 0],
		["ruled:sleeping:", 1],
	])("says who holds a stream of one channel, whatever the setting: %s", async (prefix, sessions) => {
		const channel = freshChannel(prefix);
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		await stream.expect("connected");
		expect(await sessionsOf(channel)).toBe(sessions);
		await published(channel, { data: "came" });
		expect((await stream.next()).data).toBe("came");
		await stream.close();
	});

	it("does not touch a stream of several channels", async () => {
		const channels = [freshChannel("ruled:direct:"), freshChannel("ruled:direct:")];
		const stream = await subscribe(`/events?channel=${channels[0]}&channel=${channels[1]}`, alice);
		await stream.expect("connected");
		expect(await sessionsOf(channels[0] ?? "")).toBe(1);
		await stream.close();
	});
});

describe("the rules `replayEvents` and `replaySeconds`", () => {
	const batch = (count: number) => Array.from({ length: count }, (_, data) => ({ data }));

	it("let a channel remember more or fewer events", async () => {
		const long = freshChannel("ruled:long:");
		for (let batches = 0; batches < 3; batches += 1) await published(long, batch(100));
		expect(await stateOf(long)).toMatchObject({ buffered: 300 });
		const short = freshChannel("ruled:short:");
		await published(short, batch(5));
		expect(await stateOf(short)).toMatchObject({ buffered: 2 });
		const stream = await subscribe(`/events?channel=${short}&rewind=all`, alice);
		await stream.expect("connected");
		expect((await stream.take(2)).map(({ data }) => data)).toEqual(["3", "4"]);
		await stream.close();
	});

	it("let a channel remember them for longer or shorter, and free its storage accordingly", async () => {
		const long = freshChannel("ruled:long:");
		const short = freshChannel("ruled:short:");
		const began = Date.now();
		await published(long, { data: 1 });
		await published(short, { data: 1 });
		expect(Math.round(((await alarmTime(long)) - began) / 3_600_000)).toBe(48);
		expect(Math.round(((await alarmTime(short)) - began) / 3_600_000)).toBe(1);
		advanceClock(3601);
		expect(await stateOf(short)).toMatchObject({ buffered: 0 });
		expect(await stateOf(long)).toMatchObject({ buffered: 1 });
	});
});

describe("the rule `maxEventBytes`", () => {
	function service(): PublishEntrypoint {
		return new (createTidings().PublishService)({} as ExecutionContext, env) as PublishEntrypoint;
	}

	const bodies: [string, BodyInit][] = [
		["application/json", '[{"data":"12345678901"}]'],
		["application/x-www-form-urlencoded", "data=12345678901"],
		["text/plain", "12345678901"],
		["text/event-stream", "data: 12345678901\n\n"],
	];

	it.each(bodies)("bounds what is posted: %s", async (type, body) => {
		const channel = freshChannel("ruled:narrow:");
		const headers = { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": type };
		const path = `/channels/${channel}/events`;
		const refusal = await problem(await call(path, { method: "POST", headers, body }));
		expect(refusal).toMatchObject({ status: 413, code: "payload_too_large" });
		const shorter = String(body).replace("12345678901", "1234567890");
		expect((await call(path, { method: "POST", headers, body: shorter })).status).toBe(201);
	});

	it("bounds the body as a whole, and allows more where it is larger", async () => {
		const tooLong = { data: "", note: "x".repeat(1280) };
		expect(await problem(await publish(freshChannel("ruled:narrow:"), tooLong))).toMatchObject({ status: 413 });
		expect(await problem(await publish(freshChannel(), { data: "x".repeat(100_000) }))).toMatchObject({ status: 413 });
		expect((await publish(freshChannel("ruled:wide:"), { data: "x".repeat(100_000) })).status).toBe(201);
	});

	it("bounds what comes over a service binding", async () => {
		const channel = freshChannel("ruled:narrow:");
		await expect(service().publish(channel, { data: "12345678901" })).rejects.toThrow("payload_too_large");
		await expect(service().publish(channel, { data: "1234567890" })).resolves.toMatchObject({ channel });
	});

	it("bounds what comes in a live body", async () => {
		const channel = freshChannel("ruled:narrow:");
		const headers = { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "text/event-stream" };
		const body = "data: 1234567890\n\ndata: 12345678901\n\n";
		const response = await call(`/channels/${channel}/events?live=1`, { method: "POST", headers, body });
		expect(await problem(response)).toMatchObject({ status: 413, code: "payload_too_large", stored: 1 });
	});

	it("bounds what comes over a publisher's WebSocket", async () => {
		const publisher = await openPublisher(freshChannel("ruled:narrow:"), PUBLISH_KEY);
		publisher.send({ ref: 1, events: [{ data: "12345678901" }] });
		publisher.send({ ref: 2, events: [{ data: "1234567890" }] });
		expect(await publisher.take(2)).toMatchObject([
			{ ref: 1, code: "payload_too_large", status: 413 },
			{ ref: 2, ids: [expect.any(String)] },
		]);
		publisher.close();
	});
});

describe("the rules `maxSubscribers` and `maxConnectionsPerUser`", () => {
	it("bound the streams of a channel", async () => {
		const channel = freshChannel("ruled:few:");
		const streams = [await subscribe(`/events?channel=${channel}`, alice)];
		streams.push(await subscribe(`/events?channel=${channel}`, await tokenOf("bob")));
		expect(await refusedStream(channel, await tokenOf("carol"))).toMatchObject({ status: 503, code: "channel_full" });
		for (const stream of streams) await stream.close();
	});

	it("bound the streams of a user", async () => {
		const channel = freshChannel("ruled:one-each:");
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		expect(await refusedStream(channel, alice)).toMatchObject({ status: 429, code: "too_many_connections" });
		const other = await subscribe(`/events?channel=${channel}`, await tokenOf("bob"));
		await stream.close();
		await other.close();
	});
});

describe("the rule `presence`", () => {
	it("is refused where it is off, and `detail` names the channel", async () => {
		const channel = freshChannel("ruled:silent:");
		const refusal = { status: 403, code: "insufficient_scope", detail: expect.stringContaining(channel) };
		const headers = { Authorization: `Bearer ${alice}` };
		for (const path of [
			`/events?channel=${channel}`,
			`/events?channel=${freshChannel("ruled:long:")}&channel=${channel}`,
		]) {
			expect(await problem(await call(`${path}&presence=1`, { headers }))).toMatchObject(refusal);
		}
		const socket = await SocketReader.open();
		socket.send({ type: "auth", token: alice, channels: [channel], presence: true });
		expect(await socket.next()).toMatchObject({ type: "error", code: "insufficient_scope" });
		expect(await socket.closed()).toBe(4403);
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		await stream.expect("connected");
		await stream.close();
	});

	it("tells nobody where it is off, not even a stream from before that joins again", async () => {
		const channel = freshChannel("ruled:silent:");
		const subscription = subscriptionOf({ channels: [channel], presence: true, rejoins: true });
		const { webSocket } = await env.CHANNEL.getByName(channel).fetch(CHANNEL_URL, {
			headers: joinHeaders(subscription),
		});
		const messages: unknown[] = [];
		webSocket?.addEventListener("message", ({ data }) => void messages.push(data));
		webSocket?.accept();
		const stream = await subscribe(`/events?channel=${channel}`, await tokenOf("bob"));
		await published(channel, { data: "told" });
		await expect.poll(() => messages.length).toBe(1);
		expect(messages.filter((message) => typeof message === "string")).toEqual([]);
		webSocket?.close();
		await stream.close();
	});

	it("still lets a publish key list who is there", async () => {
		const channel = freshChannel("ruled:silent:");
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		const headers = { Authorization: `Bearer ${PUBLISH_KEY}` };
		const listed = await (await call(`/channels/${channel}/subscribers`, { headers })).json();
		expect(listed).toMatchObject([{ user: "alice" }]);
		await stream.close();
	});

	/** Who asks for presence, in each way of listening: what they are told. */
	const watchers: [string, (channel: string) => Promise<{ next(): Promise<unknown>; close(): unknown }>][] = [
		[
			"GET /events",
			async (channel) => {
				const stream = await subscribe(`/events?channel=${channel}&presence=1`, alice);
				await stream.expect("connected");
				return { next: async () => (await stream.expect("presence")).data, close: () => stream.close() };
			},
		],
		[
			"GET /events of several channels",
			async (channel) => {
				const path = `/events?channel=${channel}&channel=${freshChannel("ruled:long:")}&presence=1`;
				const stream = await subscribe(path, alice);
				await stream.expect("connected");
				return { next: async () => (await stream.expect("presence")).data, close: () => stream.close() };
			},
		],
		...["", `&channel=ruled:long:${crypto.randomUUID()}`].map(
			(others) =>
				[
					`GET /ws${others && " of several channels"}`,
					async (channel: string) => {
						const path = `/ws?channel=${channel}${others}&presence=1&token=${alice}`;
						const socket = await SocketReader.open({}, undefined, path);
						await socket.next();
						const next = async () => {
							const { type, id, ...told } = (await socket.next()) as Record<string, unknown>;
							expect({ type, id }).toEqual({ type: "presence", id: expect.any(String) });
							return told;
						};
						return { next, close: () => socket.close() };
					},
				] satisfies [string, unknown],
		),
	];

	it.each(watchers)("tells only how many users there are where it is `count`: %s", async (_, watch) => {
		const channel = freshChannel("ruled:counted:");
		const watcher = await watch(channel);
		expect(await watcher.next()).toEqual({ channel, count: 1 });
		const streams = [await subscribe(`/events?channel=${channel}`, await tokenOf("bob"))];
		expect(await watcher.next()).toEqual({ channel, count: 2 });
		const before = Date.now();
		for (const name of ["bob", "carol", "dave"]) {
			streams.push(await subscribe(`/events?channel=${channel}`, await tokenOf(name)));
		}
		expect(await watcher.next()).toEqual({ channel, count: 4 });
		expect(Date.now() - before).toBeLessThan(3000);
		for (const stream of streams) await stream.close();
		await published(channel, { data: 1, to: { user: "nobody" } });
		await watcher.close();
	});

	it("tells a stream at most once a second how many there are", async () => {
		const channel = freshChannel("ruled:counted:");
		const watcher = await subscribe(`/events?channel=${channel}&presence=1`, alice);
		await watcher.expect("connected");
		const at: number[] = [];
		const counts: number[] = [];
		const told = async () => {
			counts.push(((await watcher.expect("presence")).data as { count: number }).count);
			at.push(Date.now());
		};
		await told();
		const streams = [];
		for (let user = 0; user < 8; user += 1) {
			streams.push(await subscribe(`/events?channel=${channel}`, await tokenOf(`user-${user}`)));
		}
		while (counts.at(-1) !== 9) await told();
		expect(counts.length).toBeLessThan(5);
		for (const [index, time] of at.entries()) {
			if (index > 0) expect(time - (at[index - 1] ?? 0)).toBeGreaterThan(900);
		}
		for (const stream of [watcher, ...streams]) await stream.close();
	});
});

describe("rules in the code of a Worker", () => {
	it("hold in the Worker and in the channel's object, after those of the setting", async () => {
		const { app, Channel } = createTidings({
			channelRules: [
				{ match: "ruled:narrow:*", maxEventBytes: 1000 },
				{ match: "chat:*", maxEventBytes: 20, replayEvents: 9 },
			],
		});
		const headers = { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "text/plain" };
		const post = (channel: string, body: string) =>
			app.request(`/channels/${channel}/events`, { method: "POST", headers, body }, env);
		expect((await post(freshChannel(), "x".repeat(21))).status).toBe(413);
		expect((await post(freshChannel(), "x".repeat(20))).status).toBe(201);
		expect((await post(freshChannel("ruled:narrow:"), "x".repeat(11))).status).toBe(413);
		const channel = freshChannel();
		await runInDurableObject(env.CHANNEL.getByName(channel), async (_, state) => {
			expect((await new Channel(state, env).state()).rules).toMatchObject({ match: "chat:*", replayEvents: 9 });
		});
	});

	it("are refused with 503 where they are malformed", async () => {
		const { app } = createTidings({ channelRules: [{ match: "chat:*", replayEvents: 0 }] });
		const response = await app.request("/health", {}, env);
		expect(await problem(response)).toMatchObject({
			status: 503,
			code: "misconfigured",
			detail: expect.stringContaining("channelRules of createTidings is wrong in rule 1: `replayEvents` must be"),
		});
	});

	it("and those of the setting are refused together with the first mistake", async () => {
		const response = await callWith({ CHANNEL_RULES: [{ match: "a" }, { macth: "b" }] }, "/health");
		const { detail } = await problem(response);
		expect(detail).toContain("The setting CHANNEL_RULES is wrong in rule 2: ");
	});
});
