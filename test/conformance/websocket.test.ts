import { beforeAll, describe, expect, it } from "vitest";
import {
	administer,
	freshChannel,
	newSocket,
	newUser,
	openReadySocket,
	openSocket,
	PUBLISH_KEY,
	published,
	subscribe,
	type User,
} from "./support/service.ts";

let alice: User;
let bob: User;

beforeAll(async () => {
	alice = await newUser("alice");
	bob = await newUser("bob");
});

/** With its credentials in a message, and with those in the request, for which the channel itself holds the WebSocket. */
describe.each([
	["with credentials in a message", openSocket],
	["with credentials in the request", openReadySocket],
])("GET /ws %s", (_, openSocket) => {
	it("tells `connected`, and delivers events as messages", async () => {
		const channel = freshChannel();
		const socket = await openSocket(alice, { channels: [channel] });
		const connected = await socket.next();
		expect(connected).toMatchObject({ type: "connected", user: alice.name, channels: [channel], resumed: false });
		const [id] = await published(channel, { type: "order", data: { n: [1, "two"] } });
		expect(await socket.next()).toEqual({
			type: "event",
			channel,
			id,
			event: "order",
			at: expect.any(Number),
			data: { n: [1, "two"] },
		});
		await published(channel, { data: 'a text with "quotes",\nlines and {"id":"7"}' });
		expect(await socket.next()).toMatchObject({
			event: "message",
			data: 'a text with "quotes",\nlines and {"id":"7"}',
		});
		socket.close();
	});

	it("tells of gaps, of types only those that were asked for, and starts with what is remembered when asked", async () => {
		const channel = freshChannel();
		await published(channel, [
			{ type: "a", data: 1 },
			{ type: "b", data: 2 },
		]);
		const foreign = await openSocket(alice, { channels: [channel], cursor: "yesterday" });
		expect(await foreign.next()).toMatchObject({ type: "connected", resumed: false });
		expect(await foreign.next()).toMatchObject({ type: "gap", channel, after: "yesterday", reason: "foreign_cursor" });
		foreign.close();
		const rewound = await openSocket(alice, { channels: [channel], rewind: "all", types: ["b"] });
		await rewound.next();
		expect(await rewound.next()).toMatchObject({ event: "b", data: 2 });
		rewound.close();
	});

	it("tells who comes and goes when asked", async () => {
		const channel = freshChannel();
		const socket = await openSocket(alice, { channels: [channel], presence: true });
		const { id } = (await socket.next()) as { id: string };
		const stream = await subscribe(`/events?channel=${channel}`, bob);
		expect(await socket.next()).toEqual({ type: "presence", id, channel, user: bob.name, state: "online" });
		await stream.close();
		socket.close();
	});

	it("is counted, listed, and ended for good like a stream", async () => {
		const channel = freshChannel();
		const socket = await openSocket(alice, { channels: [channel] });
		const { id, connection } = (await socket.next()) as { id: string; connection: string };
		await administer("DELETE", `/channels/${channel}/subscribers?connection=${encodeURIComponent(connection)}`);
		expect(await socket.next()).toEqual({ type: "closing", id, reason: "revoked", reconnect: false });
		expect(await socket.closed()).toBe(4403);
	});

	it("leaves its channel when it is closed", async () => {
		const channel = freshChannel();
		const socket = await openSocket(alice, { channels: [channel] });
		await socket.next();
		socket.close();
		const state = () => administer("GET", `/channels/${channel}`).then((each) => each.json());
		await expect.poll(state).toMatchObject({ subscribers: 0 });
	});
});

describe("GET /ws", () => {
	it("serves several channels over one connection, and resumes all of them from its cursor", async () => {
		const [a, b] = [freshChannel("chat:a"), freshChannel("chat:b")];
		const first = await openSocket(alice, { channels: [a, b] });
		await first.next();
		await published(a, { data: 1 });
		const { id: cursor } = (await first.next()) as { id: string };
		first.close();
		await published(b, { data: 2 });
		await published(a, { data: 3 });
		const second = await openSocket(alice, { channels: [b, a], cursor });
		expect(await second.next()).toMatchObject({ type: "connected", id: cursor, resumed: true });
		const missed = [await second.next(), await second.next()] as { data: number; channel: string }[];
		expect(missed.map(({ data, channel }) => [data, channel]).sort()).toEqual([
			[2, b],
			[3, a],
		]);
		second.close();
	});

	it("answers a ping without waking the channel", async () => {
		const socket = await newSocket();
		socket.send({ type: "ping" });
		expect(await socket.next()).toEqual({ type: "pong" });
		socket.close();
	});

	it("opens a stream of several channels with credentials in the request as well", async () => {
		const [a, b] = [freshChannel("chat:a"), freshChannel("chat:b")];
		const socket = await openReadySocket(alice, { channels: [b, a] });
		expect(await socket.next()).toMatchObject({ type: "connected", channels: [a, b] });
		await published(b, { data: 1 });
		expect(await socket.next()).toMatchObject({ type: "event", channel: b, data: 1 });
		socket.close();
	});

	it("reads no query without credentials in it", async () => {
		const channel = freshChannel();
		const socket = await newSocket(`?channel=${freshChannel()}&type=%ff`);
		socket.send({ type: "auth", ticket: alice.ticket, channels: [channel] });
		expect(await socket.next()).toMatchObject({ type: "connected", channels: [channel] });
		socket.close();
	});
});

describe("a message that is refused", () => {
	it.each([
		["is no JSON", "hello", "invalid_request", 4400],
		["is of no known type", { type: "publish" }, "invalid_request", 4400],
		["has an unknown field", { type: "ping", more: 1 }, "invalid_request", 4400],
		["has no credentials", { type: "auth", channels: ["orders"] }, "missing_token", 4401],
		[
			"has a publish key for a token",
			{ type: "auth", token: PUBLISH_KEY, channels: ["orders"] },
			"invalid_token",
			4401,
		],
		["has a token that is none", { type: "auth", token: "x", channels: ["orders"] }, "invalid_token", 4401],
		["has a ticket that is none", { type: "auth", ticket: "x", channels: ["orders"] }, "invalid_token", 4401],
		["has two credentials", { type: "auth", token: "x", ticket: "y", channels: ["orders"] }, "invalid_request", 4400],
		["is too long", { type: "auth", token: "x".repeat(40_000) }, "payload_too_large", 4400],
	])("because it %s gets its code, and the connection ends", async (_, message, code, closeCode) => {
		const socket = await newSocket();
		socket.send(message);
		expect(await socket.next()).toMatchObject({ type: "error", code, detail: expect.any(String) });
		expect(await socket.closed()).toBe(closeCode);
	});

	it.each([
		["names no channel", { channels: [] }, "invalid_request", 4400],
		["names what can be no channel", { channels: ["a b"] }, "invalid_channel", 4400],
		["names a channel that is not granted", { channels: ["secret"] }, "insufficient_scope", 4403],
		["asks for no number of events", { channels: ["orders"], rewind: -1 }, "invalid_request", 4400],
		["asks for an empty type", { channels: ["orders"], types: [""] }, "invalid_request", 4400],
		["asks for a reserved type", { channels: ["orders"], types: ["order", "gap"] }, "invalid_request", 4400],
		["asks for half of a character", { channels: ["orders"], types: ["\ud800"] }, "invalid_request", 4400],
		["names a time without an offset", { channels: ["orders"], since: "2026-01-31T12:00:00" }, "invalid_request", 4400],
		["names two starts", { channels: ["orders"], rewind: 1, since: 0 }, "invalid_request", 4400],
	])("because it %s gets its code, and the connection ends", async (_, auth, code, closeCode) => {
		const socket = await openSocket(alice, { ...auth });
		expect(await socket.next()).toMatchObject({ type: "error", code });
		expect(await socket.closed()).toBe(closeCode);
	});
});
