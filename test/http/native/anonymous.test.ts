import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createTidings, type TidingsEnv } from "../../../src/index.ts";
import { CHANNEL_URL, connectHeaders, joinHeaders } from "../../../src/wire/link.ts";
import type { ProblemBody } from "../../support/calls.ts";
import { advanceClock, runAlarm } from "../../support/clock.ts";
import { TestIssuer } from "../../support/issuer.ts";
import {
	call,
	callWith,
	evict,
	freshChannel,
	PUBLISH_KEY,
	problem,
	published,
	subscribe,
} from "../../support/service.ts";
import { SocketReader } from "../../support/socket.ts";
import { SseReader } from "../../support/sse.ts";
import { subscriptionOf } from "../../support/subscription.ts";

/** The rules are those of `vitest.config.ts`: without credentials, a client may read `ruled:open:*`. */

const OPEN = "ruled:open:";
const USER = /^anonymous:[\w-]{22}$/;

let issuer: TestIssuer;
let alice: string;
/** Each test is somewhere else. */
let address = "";
let addresses = 0;

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await issuer.token({ channels: ["ruled:*"] });
});

afterEach(() => {
	vi.useRealTimers();
});

function headersFrom(from: string): HeadersInit {
	return { "CF-Connecting-IP": from };
}

function freshAddress(): string {
	addresses += 1;
	return `192.0.2.${addresses}`;
}

/** Opens a stream without credentials, which must succeed. */
async function read(query: string, headers: HeadersInit = {}): Promise<SseReader> {
	const response = await call(`/events?${query}`, { headers: { ...headersFrom(address), ...headers } });
	if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
	return new SseReader(response);
}

async function refused(path: string, headers: HeadersInit = {}): Promise<ProblemBody> {
	const response = await call(path, { headers: { ...headersFrom(address), ...headers } });
	if (response.ok) throw new Error(`${path} was opened.`);
	return await problem(response);
}

function openSocket(query = ""): Promise<SocketReader> {
	return SocketReader.open(headersFrom(address), undefined, `/ws${query}`);
}

interface Connected {
	user: string;
	connection: string;
	expires: number;
}

async function connectedOf(stream: SseReader): Promise<Connected> {
	return (await stream.expect("connected")).data as Connected;
}

describe("a stream without credentials", () => {
	it("is open where the rule of its channel says so, to a user of its own", async () => {
		address = freshAddress();
		const channel = freshChannel(OPEN);
		const one = await read(`channel=${channel}`);
		const other = await read(`channel=${channel}`);
		const [first, second] = [await connectedOf(one), await connectedOf(other)];
		expect(first.user).toMatch(USER);
		expect(second.user).toMatch(USER);
		expect(first.user).not.toBe(second.user);
		expect(Math.abs(first.expires - Date.now() / 1000 - 86_400)).toBeLessThan(60);
		const [id] = await published(channel, { data: "news" });
		for (const stream of [one, other]) {
			expect(await stream.next()).toMatchObject({ id, data: "news" });
			await stream.close();
		}
		const again = await read(`channel=${channel}&rewind=1`);
		await again.expect("connected");
		expect((await again.next()).data).toBe("news");
		await again.close();
	});

	it("resumes from its cursor, and may be of several channels", async () => {
		address = freshAddress();
		const channels = [freshChannel(OPEN), freshChannel(OPEN)];
		const query = channels.map((channel) => `channel=${channel}`).join("&");
		const stream = await read(query);
		const { id = "" } = await stream.expect("connected");
		await stream.close();
		await published(channels[1] ?? "", { data: "missed" });
		const again = await read(query, { "Last-Event-ID": id });
		expect(await again.expect("connected")).toMatchObject({
			data: { resumed: true, user: expect.stringMatching(USER) },
		});
		expect((await again.next()).data).toBe("missed");
		await again.close();
	});

	it("is refused where one of its channels does not allow it, and `detail` names that channel", async () => {
		address = freshAddress();
		const [open, closed] = [freshChannel(OPEN), freshChannel()];
		for (const query of [`channel=${closed}`, `channel=${open}&channel=${closed}`]) {
			expect(await refused(`/events?${query}`)).toMatchObject({
				status: 401,
				code: "missing_token",
				detail: expect.stringContaining(`The channel ${closed} may not be read without credentials. Send a token`),
			});
		}
		expect(await refused("/events")).toMatchObject({ status: 401, code: "missing_token" });
		expect(await refused(`/events?channel=${open}&inbox=1`)).toMatchObject({
			status: 401,
			code: "missing_token",
			detail: expect.stringContaining("`inbox` needs credentials"),
		});
	});

	it("never opens a personal channel, which a pattern covers without meaning it", async () => {
		address = freshAddress();
		expect(await refused("/events?channel=user:alice")).toMatchObject({ status: 401, code: "missing_token" });
	});

	it("is checked like any other", async () => {
		address = freshAddress();
		expect(await refused(`/events?channel=${OPEN}é`)).toMatchObject({ status: 400, code: "invalid_channel" });
		const path = `/events?channel=${freshChannel(OPEN)}&presence=2`;
		expect(await refused(path)).toMatchObject({ status: 400, code: "invalid_request" });
	});

	it("never takes the place of credentials that are wrong or over", async () => {
		address = freshAddress();
		const channel = freshChannel(OPEN);
		const expired = await issuer.token({ exp: Math.floor(Date.now() / 1000) - 3600 });
		for (const [query, headers, code] of [
			["&token=wrong", {}, "invalid_token"],
			["&token=", {}, "invalid_token"],
			["&ticket=a.b", {}, "invalid_token"],
			["&ticket=", {}, "invalid_token"],
			["", { Authorization: `Bearer ${PUBLISH_KEY}` }, "invalid_token"],
			["", { Authorization: `Bearer ${expired}` }, "token_expired"],
			["", { Authorization: "Basic YTpi" }, "unsupported_auth_scheme"],
		] as const) {
			expect(await refused(`/events?channel=${channel}${query}`, headers)).toMatchObject({ status: 401, code });
		}
		const ungranted = await issuer.token({ channels: [] });
		expect(await refused(`/events?channel=${channel}&token=${ungranted}`)).toMatchObject({ status: 403 });
	});

	it("gets only what is for everyone", async () => {
		address = freshAddress();
		const channel = freshChannel(OPEN);
		const stream = await read(`channel=${channel}`);
		const { user } = await connectedOf(stream);
		await published(channel, [
			{ data: 1, to: { user } },
			{ data: 2, to: { claims: { sub: user } } },
			{ data: 3, to: { claims: { role: null } } },
			{ data: 4, to: { user: "*" } },
		]);
		expect((await stream.next()).data).toBe("4");
		await stream.close();
		const again = await read(`channel=${channel}&rewind=all`);
		await again.expect("connected");
		expect((await again.next()).data).toBe("4");
		await again.close();
	});

	it("is listed, told of as present, and ended like any other", async () => {
		address = freshAddress();
		const channel = freshChannel(OPEN);
		const watcher = await subscribe(`/events?channel=${channel}&presence=1`, alice);
		await watcher.expect("connected");
		const stream = await read(`channel=${channel}`);
		const { user, connection } = await connectedOf(stream);
		expect((await watcher.expect("presence")).data).toEqual({ channel, user, state: "online" });
		const init = { headers: { Authorization: `Bearer ${PUBLISH_KEY}` } };
		const listed = await (await call(`/channels/${channel}/subscribers`, init)).json();
		expect(listed).toMatchObject([{ user: "alice" }, { user, connection }]);
		const path = `/channels/${channel}/subscribers?user=${user}`;
		expect(await (await call(path, { ...init, method: "DELETE" })).json()).toEqual({ channel, ended: 1 });
		expect(JSON.parse((await stream.rest()).at(-1)?.data ?? "")).toEqual({ reason: "revoked", reconnect: false });
		const again = await read(`channel=${channel}`);
		await again.close();
		await watcher.close();
	});

	it("cannot be renewed, nor kept alive, by somebody with a token", async () => {
		address = freshAddress();
		const stream = await read(`channel=${freshChannel(OPEN)}`);
		const { connection } = await connectedOf(stream);
		const headers = { Authorization: `Bearer ${alice}`, "Content-Type": "application/json" };
		for (const body of ["", '{"alive":true}']) {
			const response = await call(`/connections/${connection}`, { method: "PUT", headers, body });
			expect(await problem(response)).toMatchObject({ status: 403, code: "insufficient_scope" });
		}
		await stream.close();
	});

	it("ends after a day, and may be opened again", async () => {
		address = freshAddress();
		const channel = freshChannel(OPEN);
		const stream = await read(`channel=${channel}`);
		await stream.expect("connected");
		advanceClock(86_401);
		await runAlarm(channel);
		const frames = await stream.rest();
		expect(frames.map(({ event }) => event)).toEqual(["expiring", "closing"]);
		expect(JSON.parse(frames.at(-1)?.data ?? "")).toEqual({ reason: "token_expired", reconnect: true });
		const again = await read(`channel=${channel}`, { "Last-Event-ID": frames.at(-1)?.id ?? "" });
		expect(await again.expect("connected")).toMatchObject({ data: { resumed: true } });
		await again.close();
	});
});

describe("the limits without credentials", () => {
	it("count the streams of an address in a channel", async () => {
		address = "2001:db8:1:2::1";
		const channel = freshChannel(OPEN);
		const streams = [
			await read(`channel=${channel}`),
			await read(`channel=${channel}`),
			await openSocket(`?channel=${channel}`),
		];
		address = "2001:db8:1:2:ffff::2";
		expect(await refused(`/events?channel=${channel}`)).toMatchObject({
			status: 429,
			code: "too_many_connections",
			detail: expect.stringMatching(/^Your address has, without credentials, 3 streams of the channel/),
		});
		const user = await subscribe(`/events?channel=${channel}`, alice, headersFrom(address));
		address = "2001:db8:1:3::1";
		const neighbour = await read(`channel=${channel}`);
		await streams[0]?.close();
		address = "2001:db8:1:2::1";
		const again = await read(`channel=${channel}`);
		for (const stream of [...streams.slice(1), user, neighbour, again]) await stream.close();
	});

	it("survive the sleep of a channel", async () => {
		address = freshAddress();
		const channel = freshChannel(OPEN);
		const sockets = [];
		for (let socket = 0; socket < 3; socket += 1) sockets.push(await openSocket(`?channel=${channel}`));
		await evict(channel);
		expect(await refused(`/events?channel=${channel}`)).toMatchObject({ status: 429, code: "too_many_connections" });
		for (const socket of sockets) socket.close();
	});

	it("count how often an address opens streams, and how many channels", async () => {
		const keys: string[] = [];
		const SUBSCRIBE_RATE_LIMIT = {
			limit: async ({ key }: { key: string }) => {
				keys.push(key);
				return { success: keys.length < 4 };
			},
		};
		const settings: Partial<TidingsEnv> = { SUBSCRIBE_RATE_LIMIT, MAX_CHANNELS_PER_USER: 2 };
		const ask = (from: string, channel = freshChannel(OPEN)) =>
			callWith(settings, `/events?channel=${channel}`, { headers: headersFrom(from) });
		const from = freshAddress();
		const responses = [await ask(from), await ask(from)];
		expect(responses.map(({ status }) => status)).toEqual([200, 200]);
		expect(await problem(await ask(from))).toMatchObject({
			status: 429,
			code: "rate_limited",
			detail: expect.stringContaining("MAX_CHANNELS_PER_USER"),
		});
		expect(await problem(await ask(freshAddress()))).toMatchObject({ status: 429, code: "rate_limited" });
		expect(new Set(keys.slice(0, 3)).size).toBe(1);
		expect(keys[3]).not.toBe(keys[0]);
		expect(keys.join()).not.toContain("192.0.2");
		for (const response of responses) await response.body?.cancel();
	});
});

describe("a WebSocket without credentials", () => {
	it("is open at once where the rule of its channel says so, and hears what a stream does", async () => {
		address = freshAddress();
		const channel = freshChannel(OPEN);
		const socket = await openSocket(`?channel=${channel}`);
		expect(await socket.next()).toMatchObject({ type: "connected", user: expect.stringMatching(USER) });
		await published(channel, [{ data: "for alice", to: { user: "alice" } }, { data: "for all" }]);
		expect(await socket.next()).toMatchObject({ type: "event", data: "for all" });
		socket.send({ type: "auth", token: alice });
		expect(await socket.next()).toMatchObject({ type: "error", code: "insufficient_scope" });
		expect(await socket.closed()).toBe(4403);
	});

	it("may be of several channels, and say so in its first message", async () => {
		address = freshAddress();
		const channels = [freshChannel(OPEN), freshChannel(OPEN)].sort();
		const query = channels.map((channel) => `channel=${channel}`).join("&");
		const ready = await openSocket(`?${query}`);
		const socket = await openSocket();
		socket.send({ type: "auth", channels });
		for (const each of [ready, socket]) {
			expect(await each.next()).toMatchObject({ type: "connected", user: expect.stringMatching(USER), channels });
			each.close();
		}
	});

	it("is refused where its request has credentials, which are not read without a channel there", async () => {
		for (const [headers, query] of [
			[{ Authorization: `Bearer ${alice}` }, ""],
			[{}, "?token=wrong"],
			[{}, "?ticket="],
		] as const) {
			const socket = await SocketReader.open({ ...headersFrom(address), ...headers }, undefined, `/ws${query}`);
			socket.send({ type: "auth", channels: [freshChannel(OPEN)] });
			expect(await socket.next()).toMatchObject({
				type: "error",
				code: "missing_token",
				detail: expect.stringContaining("credentials of the request were not read"),
			});
			expect(await socket.closed()).toBe(4401);
		}
	});

	it("waits for an `auth` where one of its channels needs it", async () => {
		address = freshAddress();
		const [open, closed] = [freshChannel(OPEN), freshChannel("ruled:long:")];
		const socket = await openSocket(`?channel=${open}&channel=${closed}`);
		socket.send({ type: "auth", token: alice, channels: [closed] });
		expect(await socket.next()).toMatchObject({ type: "connected", user: "alice", channels: [closed] });
		socket.close();
	});

	it.each([
		["has an inbox", { inbox: true }, "`inbox` needs credentials"],
		["has a channel that needs them", { channels: ["orders"] }, "The channel orders may not be read without"],
		["has none", {}, "Send a `token`, or a `ticket`"],
	])("is refused when its first message %s", async (_, auth, detail) => {
		address = freshAddress();
		const socket = await openSocket();
		socket.send({
			type: "auth",
			channels: [freshChannel(OPEN)],
			...("inbox" in auth ? {} : { channels: [] }),
			...auth,
		});
		expect(await socket.next()).toEqual({
			type: "error",
			code: "missing_token",
			detail: expect.stringContaining(detail),
		});
		expect(await socket.closed()).toBe(4401);
	});
});

describe("a channel that was closed to clients without credentials", () => {
	const closed = () => subscriptionOf({ user: "anonymous:x", anonymousFrom: "x", channels: [freshChannel()] });

	it("does not take back a stream from before", async () => {
		const subscription = closed();
		const stub = env.CHANNEL.getByName(subscription.channels[0] ?? "");
		const response = await stub.fetch(CHANNEL_URL, { headers: joinHeaders({ ...subscription, rejoins: true }) });
		expect(await problem(response)).toMatchObject({ status: 401, code: "missing_token" });
	});

	it("ends a WebSocket from before when it wakes", async () => {
		const subscription = closed();
		const channel = subscription.channels[0] ?? "";
		const stub = env.CHANNEL.getByName(channel);
		const headers = connectHeaders({
			subscription: { ...subscription, dialect: "message" },
			opening: { url: "", request: "" },
		});
		const { webSocket } = await stub.fetch(CHANNEL_URL, { headers });
		if (!webSocket) throw new Error("The channel refused the WebSocket.");
		const reader = new SocketReader(webSocket);
		webSocket.accept();
		expect(await reader.next()).toMatchObject({ type: "connected" });
		await evict(channel);
		await runInDurableObject(stub, () => undefined);
		expect(await reader.next()).toMatchObject({ type: "closing", reason: "revoked", reconnect: false });
		expect(await reader.closed()).toBe(4403);
	});
});

describe("the hook `authorizeSubscribe`", () => {
	it("is asked about a client without credentials too, and can only refuse", async () => {
		const channel = freshChannel(OPEN);
		const authorizeSubscribe = vi.fn((_user: object, name: string) => name !== channel);
		const { app } = createTidings({ authorizeSubscribe });
		const response = await app.request(`/events?channel=${channel}`, {}, env);
		expect(await problem(response)).toMatchObject({ status: 403, code: "insufficient_scope" });
		const [user] = authorizeSubscribe.mock.calls[0] ?? [];
		expect(user).toMatchObject({ sub: expect.stringMatching(USER), claims: {}, channels: [channel], publish: [] });
	});
});
