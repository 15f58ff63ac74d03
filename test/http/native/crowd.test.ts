import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { holderOf } from "../../../src/wire/connection.ts";
import type { Place } from "../../../src/wire/place.ts";
import type { ChannelState } from "../../../src/wire/state.ts";
import { advanceClock } from "../../support/clock.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { abort, CHANNELS_SLEEP, call, freshChannel, PUBLISH_KEY, problem, published } from "../../support/service.ts";
import { SocketReader } from "../../support/socket.ts";
import { SseReader } from "../../support/sse.ts";

/** The rules are those of `vitest.config.ts`: an object holds two streams of a channel. */

const CROWD = "ruled:spread:";
/** Of these, a channel has five streams, and each user three. */
const FEW = "ruled:small-spread:";
/** How many streams a crowd has here: more than two objects hold. */
const STREAMS = 9;

let issuer: TestIssuer;
const open = new Set<SseReader>();

beforeAll(async () => {
	issuer = await TestIssuer.start();
});

afterEach(async () => {
	vi.useRealTimers();
	for (const reader of open) await reader.close().catch(() => undefined);
	open.clear();
});

/** An open stream, and where it is held. */
interface Member {
	user: string;
	reader: SseReader;
	connection: string;
	resumed: boolean;
	place: Place;
}

function tokenOf(sub: string): Promise<string> {
	return issuer.token({ sub, channels: ["ruled:*"] });
}

async function ask(channel: string, user: string, query = "", headers: HeadersInit = {}): Promise<Response> {
	const token = await tokenOf(user);
	return await call(`/events?channel=${channel}${query}`, {
		headers: { Authorization: `Bearer ${token}`, ...headers },
	});
}

/** Opens a stream that must succeed, and reads that it is connected. */
async function join(channel: string, user: string, query = "", headers: HeadersInit = {}): Promise<Member> {
	const response = await ask(channel, user, query, headers);
	if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
	const reader = new SseReader(response);
	open.add(reader);
	const { connection, resumed } = (await reader.expect("connected")).data as { connection: string; resumed: boolean };
	const place = await holderOf(env.CHANNEL, connection);
	if (!place) throw new Error("The id of the connection names no place.");
	return { user, reader, connection, resumed, place };
}

/** Opens a crowd: one stream of each of these users, one after the other. */
async function gather(channel: string, users = Array.from({ length: STREAMS }, (_, index) => `user-${index}`)) {
	const members: Member[] = [];
	for (const user of users) members.push(await join(channel, user));
	return members;
}

/** A stream that a relay holds. */
function relayedOf(members: readonly Member[]): Member {
	const relayed = members.find(({ place }) => place.relay !== undefined);
	if (!relayed) throw new Error("No stream is on a relay.");
	return relayed;
}

async function administer<Answer>(method: string, path: string): Promise<Answer> {
	const response = await call(path, { method, headers: { Authorization: `Bearer ${PUBLISH_KEY}` } });
	if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
	return await response.json();
}

function stateOf(channel: string): Promise<ChannelState> {
	return administer("GET", `/channels/${channel}`);
}

async function end(channel: string): Promise<void> {
	await administer("POST", `/channels/${channel}/events?end=1`);
}

/** What a stream brings next, as the data of so many events. */
async function dataOf({ reader }: Member, count: number): Promise<string[]> {
	return (await reader.take(count)).map(({ event, data }) => event ?? data);
}

describe("a channel with more streams than one object holds", () => {
	it("spreads over relays, and each stream gets every event once and in order", async () => {
		const channel = freshChannel(CROWD);
		const members = await gather(channel);
		expect(new Set(members.map(({ place }) => place.relay)).size).toBeGreaterThanOrEqual(4);
		expect(members.filter(({ place }) => place.relay === undefined)).toHaveLength(2);
		expect(await stateOf(channel)).toMatchObject({ subscribers: STREAMS, relays: expect.any(Number) });
		expect((await stateOf(channel)).relays).toBeGreaterThanOrEqual(3);
		const ids: string[] = [];
		for (let batch = 0; batch < 5; batch += 1)
			ids.push(...(await published(channel, [{ data: 2 * batch }, { data: 2 * batch + 1 }])));
		for (const { reader } of members) expect((await reader.take(10)).map(({ id }) => id)).toEqual(ids);
		await published(channel, { data: "next" });
		for (const member of members) expect(await dataOf(member, 1)).toEqual(["next"]);
	});

	it("gives new streams the places of those that have left", async () => {
		const channel = freshChannel(CROWD);
		const members = await gather(channel);
		const { relays } = await stateOf(channel);
		for (const { reader } of members) await reader.close();
		await published(channel, { data: "finds that they have left" });
		await expect.poll(async () => (await stateOf(channel)).subscribers).toBe(0);
		await gather(channel);
		expect((await stateOf(channel)).relays).toBeLessThanOrEqual(relays);
	});

	it("lists its streams as one, wherever they are held", async () => {
		const channel = freshChannel(CROWD);
		const members = await gather(channel);
		const list = await administer<{ connection: string; user: string }[]>("GET", `/channels/${channel}/subscribers`);
		const named = (each: { connection: string; user: string }) => `${each.connection} ${each.user}`;
		expect(list.map(named).sort()).toEqual(members.map(named).sort());
		const relayed = relayedOf(members);
		await relayed.reader.close();
		await published(channel, { data: "finds that one has left" });
		await expect.poll(async () => (await stateOf(channel)).subscribers).toBe(STREAMS - 1);
		const left = await administer<{ connection: string }[]>("GET", `/channels/${channel}/subscribers`);
		expect(left.map(({ connection }) => connection)).not.toContain(relayed.connection);
		expect(left).toHaveLength(STREAMS - 1);
	});

	it("tells of each user once, wherever their streams are", async () => {
		const channel = freshChannel(CROWD);
		const near = await join(channel, "near", "&presence=1");
		const alices = await gather(channel, ["alice", "alice", "alice", "alice", "alice"]);
		const far = await join(channel, "far", "&presence=1");
		const told = async ({ reader }: Member) => {
			const { event, data } = await reader.next();
			return event === "presence" ? Object.values(JSON.parse(data)).slice(1).join(" ") : data;
		};
		expect(far.place.relay).toBeDefined();
		expect([await told(near), await told(near)]).toEqual(["alice online", "far online"]);
		expect([await told(far), await told(far)].sort()).toEqual(["alice online", "near online"]);
		for (const { reader } of alices.slice(1)) await reader.close();
		await published(channel, { data: "finds that most have left" });
		await expect.poll(async () => (await stateOf(channel)).subscribers).toBe(3);
		await alices[0]?.reader.close();
		await published(channel, { data: "finds that the last has left" });
		for (const member of [near, far]) {
			const news = [await told(member), await told(member), await told(member)];
			expect(news).toContain("alice offline");
			expect(news.filter((each) => each.startsWith("finds"))).toHaveLength(2);
		}
	});

	it("ends the streams of a revoked user everywhere, and refuses the user at every place from then on", async () => {
		const channel = freshChannel(CROWD);
		const members = await gather(channel, ["alice", "bob", "alice", "bob", "alice", "bob", "alice", "bob", "alice"]);
		expect(await administer("DELETE", `/channels/${channel}/subscribers?user=alice`)).toMatchObject({ ended: 5 });
		for (const { reader } of members.filter(({ user }) => user === "alice")) {
			expect((await reader.rest()).at(-1)).toMatchObject({ event: "closing" });
		}
		// There is room at the origin and at relays now. All of them refuse.
		for (let knock = 0; knock < 3; knock += 1) {
			expect(await problem(await ask(channel, "alice"))).toMatchObject({ status: 401, code: "invalid_token" });
		}
		await gather(channel, ["bob", "bob", "bob", "bob", "bob"]);
		expect(await problem(await ask(channel, "alice"))).toMatchObject({ status: 401, code: "invalid_token" });
		await published(channel, { data: "for the others" });
		for (const member of members.filter(({ user }) => user === "bob"))
			expect(await dataOf(member, 1)).toEqual(["for the others"]);
	});

	it("ends a single stream by its connection, also at a relay", async () => {
		const channel = freshChannel(CROWD);
		const members = await gather(channel);
		const { connection, reader } = relayedOf(members);
		expect(await administer("DELETE", `/channels/${channel}/subscribers?connection=${connection}`)).toMatchObject({
			ended: 1,
		});
		expect((await reader.rest()).at(-1)).toMatchObject({ event: "closing" });
		expect(await stateOf(channel)).toMatchObject({ subscribers: STREAMS - 1 });
	});

	it("is wiped everywhere", async () => {
		const channel = freshChannel(CROWD);
		const members = await gather(channel);
		const [id] = await published(channel, [{ data: "wiped" }, { data: "wiped too" }]);
		expect(await administer("DELETE", `/channels/${channel}`)).toMatchObject({ ended: STREAMS });
		for (const { reader } of members) expect((await reader.rest()).at(-1)).toMatchObject({ event: "closing" });
		const [next] = await published(channel, { data: "next" });
		// They are held at relays too.
		for (let index = 0; index < 5; index += 1) {
			const all = await join(channel, "alice", "&rewind=all");
			expect(await all.reader.next()).toMatchObject({ id: next, data: "next" });
			const back = await join(channel, "bob", "", { "Last-Event-ID": id ?? "" });
			expect(back.resumed).toBe(false);
			expect((await back.reader.next()).event).toBe("gap");
		}
	});

	it("ends everywhere, and tells those who come later", async () => {
		const channel = freshChannel(CROWD);
		const members = await gather(channel);
		const [id] = await published(channel, { data: "last" });
		await end(channel);
		for (const { reader } of members) {
			const frames = await reader.rest();
			expect(frames.map(({ event, data }) => event ?? data)).toEqual(["last", "closing"]);
			expect(JSON.parse(frames.at(-1)?.data ?? "")).toMatchObject({ reason: "ended" });
		}
		for (let index = 0; index < 3; index += 1) {
			expect((await ask(channel, "alice", `&lastEventId=${id}`)).status).toBe(204);
			const late = await join(channel, "alice", "&rewind=all");
			expect((await late.reader.rest()).map(({ event, data }) => event ?? data)).toEqual(["last", "closing"]);
		}
	});

	it("holds its limits and those of each user for all places together", async () => {
		const channel = freshChannel(FEW);
		const alices = await gather(channel, ["alice", "bob", "alice", "alice"]);
		expect(await problem(await ask(channel, "alice"))).toMatchObject({ status: 429, code: "too_many_connections" });
		await join(channel, "bob");
		expect(await problem(await ask(channel, "carol"))).toMatchObject({ status: 503, code: "channel_full" });
		await alices[3]?.reader.close();
		await published(channel, { data: "finds that one has left" });
		await expect.poll(async () => (await stateOf(channel)).subscribers).toBe(4);
		await join(channel, "alice");
	});

	it("makes room for a user whose streams at other places are dead", async () => {
		const channel = freshChannel(FEW);
		const members = await gather(channel, ["bob", "alice", "alice", "alice"]);
		for (const { reader } of members) await reader.close();
		await gather(channel, ["alice", "alice", "alice"]);
	});

	it("lets a stream at a relay be renewed, and its client give signs of life", async () => {
		const channel = freshChannel(CROWD);
		const members = await gather(channel);
		const { connection, reader, user } = relayedOf(members);
		const exp = Math.floor(Date.now() / 1000) + 86_400;
		const token = await issuer.token({ sub: user, channels: ["ruled:*"], role: "admin", exp });
		const headers = { Authorization: `Bearer ${token}` };
		const renewed = await call(`/connections/${connection}`, { method: "PUT", headers });
		expect(await renewed.json()).toEqual({ connection, expires: exp });
		await published(channel, { data: "for admins", to: { claims: { role: "admin" } } });
		expect(await reader.next()).toMatchObject({ data: "for admins" });
		const init = { method: "PUT", headers: { ...headers, "Content-Type": "application/json" }, body: '{"alive":true}' };
		expect(await (await call(`/connections/${connection}`, init)).json()).toMatchObject({ connection });
		await administer("DELETE", `/channels/${channel}/subscribers?user=${user}`);
		const refused = await call(`/connections/${connection}`, { method: "PUT", headers });
		expect(refused.status).toBeGreaterThanOrEqual(401);
	});

	it("replays to streams at relays from before the relay was made", async () => {
		const channel = freshChannel(CROWD);
		const ids = await published(channel, [{ data: 0 }, { data: 1 }, { data: 2 }]);
		await gather(channel);
		const resumed = await join(channel, "alice", "", { "Last-Event-ID": ids[0] ?? "" });
		expect(resumed).toMatchObject({ resumed: true, place: { relay: expect.any(String) } });
		const rewound = await join(channel, "bob", "&rewind=2");
		const all = await join(channel, "bob", "&rewind=all");
		const since = await join(channel, "bob", `&since=${Math.floor(Date.now() / 1000) - 60}`);
		await published(channel, { data: 3 });
		expect(await dataOf(resumed, 3)).toEqual(["1", "2", "3"]);
		expect(await dataOf(rewound, 3)).toEqual(["1", "2", "3"]);
		expect(await dataOf(all, 4)).toEqual(["0", "1", "2", "3"]);
		expect(await dataOf(since, 4)).toEqual(["0", "1", "2", "3"]);
	});

	it("tells a stream at a relay of a gap, if its cursor is older than what is retained", async () => {
		const channel = freshChannel("ruled:short-spread:");
		const [first] = await published(channel, [{ data: 0 }, { data: 1 }, { data: 2 }, { data: 3 }]);
		await gather(channel, ["a", "b", "c"]);
		const back = await join(channel, "alice", "", { "Last-Event-ID": first ?? "" });
		expect(back).toMatchObject({ resumed: false, place: { relay: expect.any(String) } });
		expect((await back.reader.next()).event).toBe("gap");
		expect(await dataOf(back, 2)).toEqual(["2", "3"]);
	});

	it("holds WebSockets, and streams of several channels, at relays too", async () => {
		const channels = [freshChannel(CROWD), freshChannel(CROWD)];
		for (const channel of channels) await gather(channel, ["a", "b"]);
		const both = await join(channels[0] ?? "", "alice", `&channel=${channels[1]}`);
		const socket = await SocketReader.open(
			{ Authorization: `Bearer ${await tokenOf("bob")}` },
			undefined,
			`/ws?channel=${channels[0]}`,
		);
		expect(await socket.next()).toMatchObject({ type: "connected" });
		for (const channel of channels) expect((await stateOf(channel)).relays).toBe(1);
		await published(channels[0] ?? "", { data: "one" });
		await published(channels[1] ?? "", { data: "other" });
		expect((await dataOf(both, 2)).sort()).toEqual(["one", "other"]);
		expect(await socket.next()).toMatchObject({ data: "one" });
		socket.close();
	});
});

describe("a relay that dies", () => {
	it("loses nothing: its held streams come back with their cursors, and those of sessions notice nothing", async () => {
		const channel = freshChannel(CROWD);
		const members = await gather(channel);
		const [id] = await published(channel, { data: 0 });
		for (const member of members) expect(await dataOf(member, 1)).toEqual(["0"]);
		const { place } = relayedOf(members);
		await abort(place);
		await published(channel, { data: 1 });
		for (const member of members) {
			const isDead = member.place.relay === place.relay && !CHANNELS_SLEEP;
			if (isDead) await expect(member.reader.next()).rejects.toThrow();
			const reader = isDead ? await join(channel, member.user, "", { "Last-Event-ID": id ?? "" }) : member;
			expect(await dataOf(reader, 1)).toEqual(["1"]);
		}
		await expect.poll(async () => (await stateOf(channel)).subscribers, { timeout: 3000 }).toBe(STREAMS);
	});
});

describe("a user who has as many streams as may be", () => {
	it("may open them again at once when their relay has died", async () => {
		const channel = freshChannel(FEW);
		const members = await gather(channel, ["bob", "carol", "alice", "alice", "alice"]);
		const { place } = relayedOf(members);
		const lost = members.filter((member) => member.place.relay === place.relay);
		await abort(place);
		if (CHANNELS_SLEEP) return;
		for (const { user } of lost) await join(channel, user);
		expect(await problem(await ask(channel, "alice"))).toMatchObject({ code: "channel_full" });
	});
});

describe("an origin that dies", () => {
	it("is followed again by its relays, whose streams notice nothing", async () => {
		const channel = freshChannel(CROWD);
		const members = await gather(channel);
		await published(channel, { data: 0 });
		for (const member of members) expect(await dataOf(member, 1)).toEqual(["0"]);
		await abort({ channel });
		await published(channel, [{ data: 1 }, { data: 2 }]);
		for (const member of members.filter(({ place }) => CHANNELS_SLEEP || place.relay !== undefined)) {
			expect(await dataOf(member, 2)).toEqual(["1", "2"]);
		}
		const left = CHANNELS_SLEEP ? STREAMS : STREAMS - 2;
		await expect.poll(async () => (await stateOf(channel)).subscribers).toBe(left);
		expect(await administer("GET", `/channels/${channel}/subscribers`)).toHaveLength(left);
	});

	it("knows whom it has revoked, and counts the streams of its relays", async () => {
		const channel = freshChannel(FEW);
		const members = await gather(channel, ["bob", "carol", "alice", "alice", "alice"]);
		await abort({ channel });
		const left = CHANNELS_SLEEP ? 5 : 3;
		await expect.poll(async () => (await stateOf(channel)).subscribers).toBe(left);
		const refusal = CHANNELS_SLEEP ? "channel_full" : "too_many_connections";
		expect(await problem(await ask(channel, "alice"))).toMatchObject({ code: refusal });
		await administer("DELETE", `/channels/${channel}/subscribers?user=alice`);
		for (const { reader } of members.filter(({ user }) => user === "alice")) {
			expect((await reader.rest()).at(-1)).toMatchObject({ event: "closing" });
		}
		await abort({ channel });
		expect(await problem(await ask(channel, "alice"))).toMatchObject({ code: "invalid_token" });
		advanceClock(62);
		await join(channel, "alice");
	});
});
