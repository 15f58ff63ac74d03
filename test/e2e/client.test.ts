import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
	type Connection,
	type ConnectionState,
	type ConnectOptions,
	type CursorStorage,
	connect,
	type Presence,
	TidingsError,
} from "../../src/client/connect.ts";
import { createPublisher } from "../../src/client/publish.ts";
import type { Gap } from "../../src/wire/control.ts";
import { CuttableProxy } from "./support/cuttable-proxy.ts";
import { type Issuer, startIssuer } from "./support/issuer.ts";
import { logIn, PUBLISH_KEY, publish, type Service, startService, subscribersOf, ticketOf } from "./support/servers.ts";

interface Events {
	order: { number: number };
	note: string;
}

let issuer: Issuer;
let service: Service;
const connections: Connection<Events>[] = [];

beforeAll(async () => {
	// Tokens that live for a minute and two seconds are renewed after two.
	issuer = await startIssuer({ ACCESS_TOKEN_SECONDS: "62" });
	const CHANNEL_RULES = '[{"match":"status:*","anonymous":true,"presence":"count"}]';
	const settings = { HEARTBEAT_SECONDS: "1", RETRY_MILLISECONDS: "50", REPLAY_EVENTS: "1000", CHANNEL_RULES };
	service = await startService(settings, issuer.url);
});

afterAll(async () => {
	await service.stop();
	await issuer.stop();
});

afterEach(() => {
	for (const connection of connections.splice(0)) connection.close();
});

/** A connection, and what it told. */
function open(channel: string, options: Partial<ConnectOptions<Events>> = {}) {
	const orders: number[] = [];
	const states: ConnectionState[] = [];
	const gaps: Gap[] = [];
	const tickets = vi.fn(() => ticketOf(service, PUBLISH_KEY, { user: "alice", channels: [channel] }));
	const connection = connect<Events>({
		url: service.url,
		channels: [channel],
		...(!options.getToken && !options.anonymous && { getTicket: tickets }),
		onEvent: (event) => void (event.type === "order" && orders.push(event.data.number)),
		onState: (state) => void states.push(state),
		onGap: (gap) => void gaps.push(gap),
		...options,
	});
	connections.push(connection);
	const until = (test: () => void) => vi.waitFor(test, { timeout: 20_000, interval: 20 });
	return {
		connection,
		orders,
		states,
		gaps,
		tickets,
		until,
		isOpen: () => until(() => expect(connection.state.name).toBe("open")),
		isClosed: () => until(() => expect(connection.state.name).toBe("closed")),
		names: () => states.map(({ name }) => name),
	};
}

/** What a browser keeps when a page is loaded again. */
function createStorage() {
	const kept = new Map<string, string>();
	const storage: CursorStorage = {
		getItem: (key) => kept.get(key) ?? null,
		setItem: (key, value) => void kept.set(key, value),
	};
	return { storage, kept };
}

/** What a loop over a connection gets, up to its end. */
async function eventsOf(connection: Connection<Events>): Promise<unknown[]> {
	const events: unknown[] = [];
	for await (const event of connection) events.push(event);
	return events;
}

/** Publishes orders with these numbers. */
async function order(channel: string, ...numbers: number[]): Promise<string[]> {
	return await publish(
		service,
		channel,
		numbers.map((number) => ({ type: "order", data: { number } })),
	);
}

describe("a connection", () => {
	it("asks for a channel, and for one kind of credentials or none", () => {
		expect(() => open("both", { anonymous: true, getToken: () => "" })).toThrow("either getTicket or getToken");
		expect(() => open("none", { channels: [] })).toThrow("Name at least one channel");
		expect(() => connect({ url: service.url, channels: ["a"] })).toThrow("either getTicket or getToken");
		expect(() => open("both", { getTicket: () => "", getToken: () => "" })).toThrow("either getTicket or getToken");
	});

	it("hands events over as they were published, and tells how it stands", async () => {
		const received: unknown[] = [];
		const { isOpen, until, connection, names } = open("plain", { onEvent: (event) => void received.push(event) });
		await isOpen();
		const [id] = await publish(service, "plain", { type: "note", data: "two\r\nlines" });
		await until(() => expect(received).toHaveLength(1));
		expect(received).toEqual([{ channel: "plain", id, type: "note", at: expect.any(Number), data: "two\r\nlines" }]);
		expect(names()).toEqual(["connecting", "open"]);
		expect(connection.state).toMatchObject({ connected: { user: "alice", channels: ["plain"], resumed: false } });
		expect(connection.cursor).toBe(id);
	});

	it("starts with what is remembered where it is asked to, and leaves out other types", async () => {
		await publish(service, "typed", [
			{ type: "note", data: "a" },
			{ type: "order", data: { number: 1 } },
		]);
		const { orders, until, connection } = open("typed", { rewind: "all", types: ["order"] });
		await until(() => expect(orders).toEqual([1]));
		const [id] = await publish(service, "typed", { type: "note", data: "b" });
		// A heartbeat moves the cursor past what was left out.
		await until(() => expect(connection.cursor).toBe(id));
	});

	it("reads several channels and the user's own", async () => {
		const ticket = () => ticketOf(service, PUBLISH_KEY, { user: "eve", channels: ["many:1", "many:2", "user:eve"] });
		const received: string[] = [];
		const onEvent = ({ channel }: { channel: string }) => void received.push(channel);
		const { isOpen, until } = open("many:1", {
			channels: ["many:1", "many:2"],
			inbox: true,
			getTicket: ticket,
			onEvent,
		});
		await isOpen();
		for (const channel of ["many:2", "user:eve", "many:1"]) await order(channel, 1);
		await until(() => expect(received.sort()).toEqual(["many:1", "many:2", "user:eve"]));
	});

	it("reads the user's own channel alone where no other is named", async () => {
		const getTicket = () => ticketOf(service, PUBLISH_KEY, { user: "eve", channels: ["user:eve"] });
		const { isOpen, orders, until, states } = open("none", { channels: [], inbox: true, getTicket });
		await isOpen();
		expect(states.at(-1)).toMatchObject({ connected: { channels: ["user:eve"] } });
		await order("user:eve", 7);
		await until(() => expect(orders).toEqual([7]));
	});

	it("tells who comes and who leaves where it is asked to", async () => {
		const told: Presence[] = [];
		const watching = open("lobby", { presence: true, onPresence: (presence) => void told.push(presence) });
		await watching.isOpen();
		const bob = open("lobby", {
			getTicket: () => ticketOf(service, PUBLISH_KEY, { user: "bob", channels: ["lobby"] }),
		});
		await watching.until(() => expect(told).toEqual([{ channel: "lobby", user: "bob", state: "online" }]));
		bob.connection.close();
		await watching.until(() => expect(told.at(-1)).toMatchObject({ user: "bob", state: "offline" }));
	});

	it("reads without credentials where it is asked to, and is told how many are there", async () => {
		const counts: number[] = [];
		const { isOpen, orders, until, connection, states } = open("status:1", {
			anonymous: true,
			presence: true,
			onPresenceCount: ({ count }) => void counts.push(count),
		});
		await isOpen();
		expect(connection.state).toMatchObject({ connected: { user: expect.stringMatching(/^anonymous:/) } });
		await order("status:1", 1);
		await until(() => expect(orders).toEqual([1]));
		const bob = open("status:1");
		await until(() => expect(counts).toEqual([1, 2]));
		bob.connection.close();
		const refused = open("orders", { anonymous: true });
		await refused.isClosed();
		expect(refused.states.at(-1)).toMatchObject({ error: { status: 401, code: "missing_token" } });
		expect(states.map(({ name }) => name)).toEqual(["connecting", "open"]);
	});

	it("leaves the service when it is closed, and the loops over it end", async () => {
		const { connection, isOpen, until, names } = open("left");
		await isOpen();
		const loop = eventsOf(connection);
		await order("left", 1);
		await until(() => expect(connection.cursor).not.toBeNull());
		connection.close();
		connection.close();
		expect((await loop).length).toBeLessThanOrEqual(1);
		await until(async () => expect(await subscribersOf(service, "left")).toBe(0));
		expect(names()).toEqual(["connecting", "open", "closed"]);
		expect(await eventsOf(connection)).toEqual([]);
	});
});

describe("a connection that is shared", () => {
	it("is one stream, whose subscribers come and go", async () => {
		const { connection, isOpen, orders, until } = open("shared");
		await isOpen();
		const others: number[] = [];
		const states: string[] = [];
		const unsubscribe = connection.subscribe({
			onEvent: ({ data }) => void others.push((data as { number: number }).number),
			onState: ({ name }) => void states.push(name),
		});
		expect(states).toEqual(["open"]);
		await order("shared", 1);
		await until(() => expect(others).toEqual([1]));
		expect(await subscribersOf(service, "shared")).toBe(1);
		unsubscribe();
		await order("shared", 2);
		await until(() => expect(orders).toEqual([1, 2]));
		expect(others).toEqual([1]);
	});

	it("waits for the slowest loop over it, and loses nothing", async () => {
		const { connection, isOpen, orders, until } = open("slow");
		await isOpen();
		const events = connection[Symbol.asyncIterator]();
		const numbers = Array.from({ length: 900 }, (_, index) => index);
		let last = "";
		for (let first = 0; first < 900; first += 100)
			last = (await order("slow", ...numbers.slice(first, first + 100))).at(-1) ?? "";
		await until(() => expect(orders).toEqual([0]));
		expect(Number(connection.cursor)).toBeLessThan(Number(last) - 899);
		const read: unknown[] = [];
		while (read.length < 900) {
			const { value } = await events.next();
			if (value?.type === "order") read.push(value.data.number);
			if (read.length % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
		}
		expect(read).toEqual(numbers);
	});

	it("goes on when a subscriber throws, and the error is nobody's secret", async () => {
		const listeners = process.listeners("uncaughtException");
		process.removeAllListeners("uncaughtException");
		const thrown = once(process, "uncaughtException");
		try {
			const { connection, isOpen, orders, until } = open("throwing");
			connection.subscribe({
				onEvent: () => {
					throw new Error("a subscriber's own");
				},
			});
			await isOpen();
			await order("throwing", 1);
			expect(await thrown).toMatchObject([{ message: "a subscriber's own" }, "uncaughtException"]);
			process.on("uncaughtException", () => {});
			await order("throwing", 2);
			await until(() => expect(orders).toEqual([1, 2]));
		} finally {
			process.removeAllListeners("uncaughtException");
			for (const listener of listeners) process.on("uncaughtException", listener);
		}
	});
});

describe("a connection whose channels end", () => {
	const end = (channel: string) => publisher().publish(channel, [], { end: true });
	const publisher = () => createPublisher({ url: service.url, key: PUBLISH_KEY });

	it("has every event, is told of the end, and comes back no more; a page that is loaded again is told at once", async () => {
		const { storage } = createStorage();
		const onEnd = vi.fn();
		const { connection, isOpen, isClosed, names, tickets } = open("ending", { storage, onEnd });
		await isOpen();
		const loop = eventsOf(connection);
		await order("ending", 1);
		await publisher().publish("ending", { type: "order", data: { number: 2 } }, { end: true });
		expect(await loop).toMatchObject([{ data: { number: 1 } }, { data: { number: 2 } }]);
		await isClosed();
		expect(names()).toEqual(["connecting", "open", "closed"]);
		expect([connection.state, onEnd.mock.calls]).toEqual([{ name: "closed", ended: "ended" }, [["ended"]]]);
		expect(tickets).toHaveBeenCalledOnce();
		const again = open("ending", { storage, onEnd });
		await again.isClosed();
		expect([again.names(), again.orders, onEnd.mock.calls.length]).toEqual([["connecting", "closed"], [], 2]);
	});

	it("ends when it comes late, with what it has asked for", async () => {
		await order("over", 1, 2);
		await end("over");
		const { connection, orders } = open("over", { rewind: "all" });
		expect(await eventsOf(connection)).toHaveLength(2);
		expect([orders, connection.state]).toEqual([[1, 2], { name: "closed", ended: "ended" }]);
	});

	it("is told that the events are not complete where their publisher has gone, also when it comes back later", async () => {
		const { storage } = createStorage();
		const onEnd = vi.fn();
		const first = open("left-alone", { storage, onEnd });
		async function* failing() {
			yield { type: "order", data: { number: 1 } };
			await first.until(() => expect(first.orders).toEqual([1]));
			throw new Error("The job has failed.");
		}
		await first.isOpen();
		const loop = eventsOf(first.connection);
		await expect(publisher().pipe("left-alone", failing(), { end: true, lease: 1 })).rejects.toThrow("has failed");
		await expect(loop).rejects.toMatchObject({ code: "abandoned" });
		const again = open("left-alone", { storage, onEnd });
		await again.isClosed();
		expect(onEnd.mock.calls).toEqual([["abandoned"], ["abandoned"]]);
	});

	it("goes on with the other channels, and ends with the last", async () => {
		const [onChannelEnd, onEnd] = [vi.fn(), vi.fn()];
		const getTicket = () => ticketOf(service, PUBLISH_KEY, { user: "eve", channels: ["part:1", "part:2"] });
		const channels = ["part:1", "part:2"];
		const { isOpen, isClosed, until } = open("part:1", { channels, getTicket, onChannelEnd, onEnd });
		await isOpen();
		await end("part:1");
		await until(() => expect(onChannelEnd.mock.calls).toEqual([[{ channel: "part:1" }]]));
		expect(onEnd).not.toHaveBeenCalled();
		await end("part:2");
		await isClosed();
		expect(onEnd.mock.calls).toEqual([["ended"]]);
	});
});

describe("a connection that is cut", () => {
	it("comes back by itself with a new ticket, and has missed nothing", async () => {
		const proxy = await CuttableProxy.to(service.url);
		const { isOpen, orders, until, names, tickets, states } = open("cut", { url: proxy.url });
		await isOpen();
		await order("cut", 1);
		await until(() => expect(orders).toEqual([1]));
		proxy.cut();
		await order("cut", 2, 3);
		await until(() => expect(names()).toContain("waiting"));
		proxy.mend();
		await isOpen();
		await order("cut", 4);
		await until(() => expect(orders).toEqual([1, 2, 3, 4]));
		expect(tickets.mock.calls.length).toBeGreaterThanOrEqual(2);
		expect(states.at(-1)).toMatchObject({ name: "open", connected: { resumed: true } });
		await proxy.stop();
	});

	it("goes on with the event that a loop had not done with", async () => {
		const { storage } = createStorage();
		const first = open("looped", { storage });
		await first.isOpen();
		const loop = first.connection[Symbol.asyncIterator]();
		const done = loop.next();
		await order("looped", 1, 2);
		await done;
		await loop.next();
		first.connection.close();
		const second = open("looped", { storage });
		await second.until(() => expect(second.orders).toEqual([2]));
	});

	it("goes on where it was when the page is loaded again", async () => {
		const { storage, kept } = createStorage();
		const first = open("loaded", { storage });
		await first.isOpen();
		await order("loaded", 1);
		await first.until(() => expect(first.orders).toEqual([1]));
		first.connection.close();
		await order("loaded", 2);
		const second = open("loaded", { storage });
		await second.until(() => expect(second.orders).toEqual([2]));
		const elsewhere = open("loaded", { storage, types: ["order"] });
		await elsewhere.isOpen();
		expect(elsewhere.states.at(-1)).toMatchObject({ connected: { resumed: false } });
		expect(kept.size).toBe(2);
	});

	it("is told of events that are gone, and goes on", async () => {
		const storage = { getItem: () => "1", setItem: () => {} };
		await order("gone", 1);
		const { gaps, until, isOpen, orders } = open("gone", { storage });
		await isOpen();
		await until(() => expect(gaps).toMatchObject([{ channel: "gone", after: "1", reason: "foreign_cursor" }]));
		await order("gone", 2);
		await until(() => expect(orders).toEqual([2]));
	});

	it("is given up when nothing comes, though nobody said that it had ended", async () => {
		// It answers, and then falls silent.
		const silent = createServer((socket) => {
			socket.on("error", () => {});
			socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n:\n\n");
		}).listen(0, "127.0.0.1");
		await once(silent, "listening");
		const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
		const { until, states, connection } = open("silent", { url, silenceSeconds: 0.3 });
		const error = new Error("Nothing has come for 0.3 seconds.");
		await until(() => expect(states).toContainEqual(expect.objectContaining({ name: "waiting", error })));
		connection.close();
		silent.close();
	});

	it("waits longer each time, and not at all once it is closed", async () => {
		const { states, until, connection } = open("away", { url: "http://127.0.0.1:9" });
		await until(() => expect(states.filter(({ name }) => name === "waiting").length).toBeGreaterThan(1));
		const [first, second] = states.filter((state) => state.name === "waiting");
		expect(first?.milliseconds).toBeGreaterThanOrEqual(1000);
		expect(second?.milliseconds).toBeGreaterThanOrEqual(2000);
		const cleared = vi.spyOn(globalThis, "clearTimeout");
		connection.close();
		expect(connection.state).toEqual({ name: "closed" });
		await Promise.resolve();
		await Promise.resolve();
		expect(cleared).toHaveBeenCalled();
		cleared.mockRestore();
	});
});

describe("the credentials of a connection", () => {
	it("are asked for again when they could not be had", async () => {
		const ticket = vi.fn(() => ticketOf(service, PUBLISH_KEY, { user: "alice", channels: ["asked"] }));
		ticket.mockRejectedValueOnce(new Error("The backend is away."));
		const { isOpen, names, states } = open("asked", { getTicket: ticket });
		await isOpen();
		expect(names()).toEqual(["connecting", "waiting", "connecting", "open"]);
		expect(states[1]).toMatchObject({ error: { message: "The backend is away." } });
	});

	it("are not waited for without an end", async () => {
		const ticket = vi.fn(() => ticketOf(service, PUBLISH_KEY, { user: "alice", channels: ["awaited"] }));
		ticket.mockReturnValueOnce(new Promise(() => {}));
		const { isOpen, names } = open("awaited", { getTicket: ticket, silenceSeconds: 2 });
		await isOpen();
		expect(names()).toEqual(["connecting", "waiting", "connecting", "open"]);
	});

	it("are renewed before a token ends, without a break", async () => {
		const fetched = vi.spyOn(globalThis, "fetch");
		const token = vi.fn(() => logIn(service, "alice"));
		const { isOpen, names, until, orders } = open("orders", { getToken: token });
		await isOpen();
		const renewals = () => fetched.mock.calls.flatMap(([, init], index) => (init?.method === "PUT" ? [index] : []));
		await until(() => expect(renewals()).toHaveLength(1));
		const response = await fetched.mock.results[renewals()[0] ?? 0]?.value;
		expect(response.status).toBe(200);
		await order("orders", 1);
		await until(() => expect(orders).toEqual([1]));
		expect(names()).toEqual(["connecting", "open"]);
		expect(token).toHaveBeenCalledTimes(2);
		fetched.mockRestore();
	});

	it("are asked for with each sign of life, where the service is to have some", async () => {
		const fetched = vi.spyOn(globalThis, "fetch");
		const token = logIn(service, "alice");
		const { isOpen, names, until } = open("orders", { getToken: () => token, alive: true });
		await isOpen();
		const signs = () => fetched.mock.calls.filter(([, init]) => init?.body === '{"alive":true}');
		await until(() => expect(signs().length).toBeGreaterThanOrEqual(2));
		const statuses = await Promise.all(
			fetched.mock.calls.flatMap(([, init], index) =>
				init?.method === "PUT" ? [fetched.mock.results[index]?.value.then(({ status }: Response) => status)] : [],
			),
		);
		expect(new Set(statuses)).toEqual(new Set([200]));
		expect(names()).toEqual(["connecting", "open"]);
		fetched.mockRestore();
	});

	it("are a new ticket in a new stream before the old one ends", async () => {
		const ticket = vi.fn(() => ticketOf(service, PUBLISH_KEY, { user: "a", channels: ["long"], streamFor: 77 }));
		const { isOpen, names, until, orders } = open("long", { getTicket: ticket });
		await isOpen();
		await order("long", 1);
		await until(() => expect(names()).toEqual(["connecting", "open", "connecting", "open"]));
		await order("long", 2);
		await until(() => expect(orders).toEqual([1, 2]));
		expect(ticket.mock.calls.length).toBeGreaterThanOrEqual(2);
	});

	it("are a new ticket too when the stream has ended with the old one", async () => {
		const ticket = vi.fn(() => ticketOf(service, PUBLISH_KEY, { user: "a", channels: ["short"], streamFor: 2 }));
		const { until, names, orders } = open("short", { getTicket: ticket });
		await until(() => expect(names()).toEqual(["connecting", "open", "connecting", "open"]));
		await order("short", 1);
		await until(() => expect(orders).toEqual([1]));
	});

	it("that do not grant the channel end it at once", async () => {
		const ticket = () => ticketOf(service, PUBLISH_KEY, { user: "alice", channels: ["mine"] });
		const { connection, isClosed, names } = open("yours", { getTicket: ticket });
		await expect(eventsOf(connection)).rejects.toThrow(TidingsError);
		await isClosed();
		expect(names()).toEqual(["connecting", "closed"]);
		expect(connection.state).toMatchObject({ error: { status: 403, code: "insufficient_scope" } });
		await expect(eventsOf(connection)).rejects.toThrow("yours");
	});

	it("that are refused twice end it", async () => {
		const ticket = vi.fn(() => "no ticket of this service");
		const { connection, isClosed, names } = open("refused", { getTicket: ticket });
		await isClosed();
		expect(names()).toEqual(["connecting", "waiting", "connecting", "closed"]);
		expect(connection.state).toMatchObject({ error: { status: 401, code: "invalid_token" } });
	});

	it("that were revoked end it", async () => {
		const { connection, isOpen, isClosed, names } = open("revoked");
		await isOpen();
		const url = `${service.url}/channels/revoked/subscribers?user=alice`;
		await fetch(url, { method: "DELETE", headers: { Authorization: `Bearer ${PUBLISH_KEY}` } });
		await isClosed();
		expect(connection.state).toMatchObject({ error: { code: "revoked", status: 200 } });
		expect(names()).toEqual(["connecting", "open", "closed"]);
	});
});
