import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createTidings } from "../../../src/index.ts";
import { advanceClock } from "../../support/clock.ts";
import { FakePlaces } from "../../support/fake-places.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { watchLines } from "../../support/lines.ts";
import { freshChannel, problem } from "../../support/service.ts";
import { SocketReader } from "../../support/socket.ts";
import { SseReader } from "../../support/sse.ts";

let alice: string;
let places: FakePlaces;
let channel: string;

beforeAll(async () => {
	alice = await (await TestIssuer.start()).token();
});

beforeEach(() => {
	places = new FakePlaces();
	channel = freshChannel();
});

afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

/** What Cloudflare tells of a request from Lyon. */
const FROM_LYON = { continent: "EU", longitude: "4.83" };

interface Asking {
	delivery?: "direct" | "hibernate";
	cf?: CfProperties;
	init?: RequestInit;
}

async function ask(path: string, { delivery = "direct", cf, init = {} }: Asking = {}): Promise<Response> {
	const headers = { Authorization: `Bearer ${alice}`, ...init.headers };
	const request = new Request(`http://tidings.test${path}`, { ...init, headers, ...(cf && { cf }) });
	return await createTidings().app.request(request, {}, { ...env, CHANNEL: places.namespace, DELIVERY: delivery });
}

/** Opens a stream and leaves it open. */
async function open(path = `/events?channel=${channel}`, options: Asking = {}): Promise<Response> {
	const response = await ask(path, options);
	expect([101, 200]).toContain(response.status);
	return response;
}

const WEBSOCKET = { headers: { Upgrade: "websocket" } };

/** The ways in which a stream of one channel is opened. */
const WAYS: [name: string, open: () => Promise<Response>][] = [
	["whose response the channel holds", () => open()],
	["whose response the Worker holds", () => open(undefined, { delivery: "hibernate" })],
	["of a WebSocket", () => open(`/ws?channel=${channel}`, { init: WEBSOCKET })],
];

describe("a new stream", () => {
	it.each(WAYS)("%s is opened at the relay that the channel sends it to, which its id names", async (_, way) => {
		places.move(channel, "weur/2");
		await way();
		expect(places.asked).toMatchObject([
			{ object: channel, region: undefined, holder: channel },
			{ object: `${channel}/weur/2`, region: "weur", holder: `${channel}/weur/2` },
		]);
	});

	it.each(WAYS)("%s is opened at the origin when a relay sends it back", async (_, way) => {
		places.move(channel, "1");
		await way();
		places.move(`${channel}/1`);
		places.admit(channel);
		places.asked.length = 0;
		await way();
		await way();
		expect(places.path).toEqual([`${channel}/1`, channel, channel]);
		expect(places.asked[1]).toMatchObject({ holder: channel });
	});

	it("whose WebSocket names the channels in a message is opened at the relay too", async () => {
		places.move(channel, "2");
		const headers = { Upgrade: "websocket" };
		const fetch = async (request: Request) =>
			await createTidings().app.request(request, {}, { ...env, CHANNEL: places.namespace });
		const socket = await SocketReader.open(headers, fetch);
		socket.send({ type: "auth", token: alice, channels: [channel] });
		const connected = (await socket.next()) as { connection: string };
		expect(places.path).toEqual([channel, `${channel}/2`]);
		expect(places.asked[1]).toMatchObject({ holder: `${channel}/2` });
		expect(connected.connection).toBe(places.asked[1]?.subscription.connection);
		socket.close();
	});

	it("tells the channel where its client is", async () => {
		places.move(channel, "weur/1");
		await open(undefined, { cf: FROM_LYON });
		await open(undefined, { cf: FROM_LYON, delivery: "hibernate" });
		expect(places.asked.map(({ near }) => near)).toEqual(["weur", "weur", "weur"]);
		await open(`/events?channel=${freshChannel()}`);
		expect(places.asked.at(-1)?.near).toBeUndefined();
	});

	it("is sent on five times, and then refused", async () => {
		places.move(channel, "1");
		for (let relay = 1; relay < 10; relay += 1) places.move(`${channel}/${relay}`, `${relay + 1}`);
		const response = await ask(`/events?channel=${channel}`);
		expect(response.status).toBe(503);
		expect(response.headers.get("Retry-After")).toBe("1");
		expect(await problem(response)).toMatchObject({ code: "channel_unavailable" });
		expect(places.path).toEqual([channel, ...[1, 2, 3, 4, 5].map((relay) => `${channel}/${relay}`)]);
	});

	it("gets the refusal of a relay as that of its channel", async () => {
		places.move(channel, "1");
		places.answer(`${channel}/1`, () => new Response(null, { status: 204, headers: { "End-Reason": "ended" } }));
		for (const delivery of ["direct", "hibernate"] as const) {
			expect((await ask(`/events?channel=${channel}&lastEventId=10`, { delivery })).status).toBe(204);
		}
	});
});

describe("where a channel sends new streams", () => {
	it("is remembered for five seconds", async () => {
		places.move(channel, "1");
		await open();
		await open();
		await open(undefined, { delivery: "hibernate" });
		advanceClock(5);
		await open();
		expect(places.path).toEqual([channel, `${channel}/1`, `${channel}/1`, `${channel}/1`, channel, `${channel}/1`]);
	});

	it("is forgotten when the origin has room again", async () => {
		places.move(channel, "1");
		await open();
		advanceClock(5);
		places.admit(channel);
		places.asked.length = 0;
		await open();
		await open();
		expect(places.path).toEqual([channel, channel]);
	});

	it("is asked of the origin again after another relay was full, since that one speaks for one stream", async () => {
		places.move(channel, "1");
		await open();
		places.move(`${channel}/1`, "2");
		places.asked.length = 0;
		await open();
		await open();
		expect(places.path).toEqual([`${channel}/1`, `${channel}/2`, channel, `${channel}/1`, `${channel}/2`]);
	});

	it("is forgotten when that relay cannot be reached: the origin names another", async () => {
		places.move(channel, "1");
		await open();
		places.answer(`${channel}/1`, () => {
			throw new Error("It is gone.");
		});
		places.move(channel, "2");
		places.asked.length = 0;
		const lines = watchLines();
		await open();
		await open();
		expect(places.path).toEqual([`${channel}/1`, channel, `${channel}/2`, `${channel}/2`]);
		expect(lines.map(({ fields }) => fields).filter(({ level }) => level === "error")).toMatchObject([
			{ channel, relay: "1", error: { message: "It is gone." } },
		]);
	});

	it("is forgotten when a relay that the origin has just named cannot be reached, and the stream is refused", async () => {
		watchLines();
		places.move(channel, "1");
		places.answer(`${channel}/1`, () => {
			throw new Error("It is gone.");
		});
		const response = await ask(`/events?channel=${channel}`);
		expect(await problem(response)).toMatchObject({ status: 503, code: "channel_unavailable" });
		places.move(channel, "2");
		await open();
		expect(places.path).toEqual([channel, `${channel}/1`, channel, `${channel}/2`]);
	});
});

describe("a stream of several channels", () => {
	let channels: string[];
	const path = () => `/events?${channels.map((each) => `channel=${each}`).join("&")}`;

	/** The id of the stream, as the client is told. */
	async function opened(): Promise<string> {
		const reader = new SseReader(await open(path()));
		const { connection } = (await reader.expect("connected")).data as { connection: string };
		return connection;
	}

	beforeEach(() => {
		channels = ["a", "b", "c"].map((letter) => freshChannel(`chat:${letter}`));
	});

	it("has each of them at its own place, and the same id in all, which names the place of the first", async () => {
		const [a, b, c] = channels as [string, string, string];
		places.move(a, "1");
		places.move(c, "weur/2");
		const connection = await opened();
		expect(places.path.toSorted()).toEqual([a, `${a}/1`, b, c, `${c}/weur/2`]);
		const [, held, ...others] = places.asked;
		expect(held).toMatchObject({ object: `${a}/1`, holder: `${a}/1` });
		for (const { subscription } of [held, ...others].filter((each) => each !== undefined)) {
			expect(subscription.connection).toBe(connection);
		}
	});

	it("is found where it was opened first, if the first has nothing left to tell", async () => {
		const [a, b, c] = channels as [string, string, string];
		places.move(b, "1");
		places.answer(a, () => {
			places.admit(a);
			return new Response(null, { status: 204, headers: { "End-Reason": "ended" } });
		});
		const connection = await opened();
		expect(places.path.slice(0, 3)).toEqual([a, b, `${b}/1`]);
		expect(places.path.slice(3).toSorted()).toEqual([a, c]);
		for (const { holder, subscription } of places.asked.slice(2)) {
			expect([holder, subscription.connection]).toEqual([`${b}/1`, connection]);
		}
	});

	it("closes what it has opened when one of them is sent on without end", async () => {
		const [a, b, c] = channels as [string, string, string];
		places.move(b, "1");
		places.move(`${b}/1`);
		const response = await ask(path());
		expect(await problem(response)).toMatchObject({ status: 503, code: "channel_unavailable" });
		await expect.poll(() => places.left.toSorted()).toEqual([a, c]);
	});
});

describe("an open stream", () => {
	it("is joined again at the place that it was opened at, wherever new ones go", async () => {
		places.move(channel, "1");
		const reader = new SseReader(await open(undefined, { delivery: "hibernate" }));
		await reader.expect("connected");
		places.move(`${channel}/1`, "2");
		places.cut(`${channel}/1`);
		await expect.poll(() => places.path).toEqual([channel, `${channel}/1`, `${channel}/1`]);
		expect(places.asked[2]?.subscription).toMatchObject({ rejoins: true, position: 10 });
		await reader.close();
	});

	it("is renewed, and gives signs of life, at the relay that holds it", async () => {
		places.move(channel, "weur/2");
		await open();
		const { connection } = places.asked[1]?.subscription ?? {};
		const json = { "Content-Type": "application/json" };
		expect((await ask(`/connections/${connection}`, { init: { method: "PUT" } })).status).toBe(200);
		const alive = { method: "PUT", headers: json, body: '{"alive":true}' };
		expect((await ask(`/connections/${connection}`, { init: alive })).status).toBe(200);
		expect(places.found).toEqual([`${channel}/weur/2`, `${channel}/weur/2`, `${channel}/weur/2`]);
	});
});
