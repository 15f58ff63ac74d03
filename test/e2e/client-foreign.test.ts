import { once } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
	type Connection,
	type ConnectionState,
	type ConnectOptions,
	connect,
	TidingsError,
} from "../../src/client/connect.ts";
import { answer, CONNECTED, eventFrame, frame, startDouble, stream } from "./support/double.ts";

/** Connections to what is not the service, or not as it should be: whatever may answer between a client and tidings. */

const connections: Connection[] = [];

afterEach(() => {
	for (const connection of connections.splice(0)) connection.close();
});

function open(url: string, options: Partial<ConnectOptions> = {}) {
	const states: ConnectionState[] = [];
	const events: string[] = [];
	const kept = new Map<string, string>();
	const connection = connect({
		url,
		channels: ["orders"],
		...(!options.getToken && { getTicket: () => "a-ticket" }),
		storage: { getItem: () => "99", setItem: (key, value) => void kept.set(key, value) },
		onState: (state) => void states.push(state),
		onEvent: ({ id }) => void events.push(id),
		...options,
	});
	connections.push(connection);
	const until = (test: () => void) => vi.waitFor(test, { timeout: 20_000, interval: 10 });
	const become = (name: ConnectionState["name"]) => until(() => expect(connection.state.name).toBe(name));
	return { connection, states, events, kept, until, become };
}

/** The ids that a loop over a connection gets, up to its end. */
async function eventsOf(connection: Connection): Promise<string[]> {
	const ids: string[] = [];
	for await (const { id } of connection) ids.push(id);
	return ids;
}

/** How long a connection waits after its first failure. */
async function waitOf(url: string): Promise<number> {
	const { connection, become } = open(url);
	await become("waiting");
	return connection.state.name === "waiting" ? connection.state.milliseconds : Number.NaN;
}

const html = { "Content-Type": "text/html" };
const problem = { "Content-Type": "application/problem+json" };

describe("a connection that somebody else answers", () => {
	it.each([
		["a page of a captive portal", answer(200, html, "id: 5\ndata: <h1>Log in</h1>\n\n")],
		["no type", answer(200, {}, `${CONNECTED}${eventFrame("101")}`)],
		["JSON", answer(200, { "Content-Type": "application/json" }, "{}")],
		["a problem with the status of a success", answer(200, problem, { code: "insufficient_scope", detail: "No." })],
		["another success", answer(202, { "Content-Type": "text/event-stream" }, CONNECTED)],
		["a redirect", answer(302, { Location: "/elsewhere" })],
		["a permanent redirect", answer(308, { Location: "/elsewhere" })],
		["a page that forbids", answer(403, html, "<h1>Blocked</h1>")],
		["a page that wants a log-in", answer(401, html, "<h1>Log in</h1>")],
		["a page that was not found", answer(404, { "Content-Type": "text/plain" }, "404 Not Found")],
		["JSON that refuses", answer(400, { "Content-Type": "application/json" }, { code: "invalid_request" })],
		["a broken problem", answer(403, problem, "<h1>Blocked</h1>")],
		["a problem without a code", answer(403, problem, { title: "Blocked", detail: 7 })],
	])("waits and keeps its cursor: %s", async (_, foreign) => {
		const { url } = await startDouble(foreign);
		const { connection, kept, become } = open(url);
		await become("waiting");
		const { error } = connection.state as { error: TidingsError };
		expect(error).toBeInstanceOf(TidingsError);
		expect(error).toMatchObject({ code: undefined, isTemporary: true });
		expect([connection.cursor, kept.size]).toEqual(["99", 0]);
	});

	it.each([
		["an event", eventFrame("101")],
		["a frame without a name", "id: 5\ndata: hello\n\n"],
		["another beginning", frame("connected", { hello: "world" }, "5")],
		["a beginning that is no JSON", "event: connected\nid: 5\ndata: hello\n\n"],
		["a beginning that is a list", frame("connected", ["c"], "5")],
		["an end", frame("closing", { reason: "revoked", reconnect: false }, "5")],
		["an id and a time alone", "id: 5\nretry: 86400000\n\nevent: hello\ndata: {}\n\n"],
	])("waits and keeps its cursor where a stream begins with something else than `connected`: %s", async (_, start) => {
		const { url } = await startDouble(stream(start, CONNECTED));
		const { connection, kept, events, become } = open(url);
		await become("waiting");
		expect(connection.state).toMatchObject({ error: { message: expect.stringContaining("not from tidings") } });
		expect(connection.state.name === "waiting" && connection.state.milliseconds).toBeLessThanOrEqual(2000);
		expect([connection.cursor, kept.size, events]).toEqual(["99", 0, []]);
	});

	it("comes back from its cursor when it is the service that answers again", async () => {
		const { url, asked } = await startDouble(
			answer(401, html),
			answer(200, html),
			stream(CONNECTED, eventFrame("101")),
		);
		const { events, kept, until } = open(url);
		await until(() => expect(events).toEqual(["101"]));
		expect(asked.map((request) => new URL(request.url ?? "", url).searchParams.get("lastEventId"))).toEqual([
			"99",
			"99",
			"99",
		]);
		expect([...kept.values()]).toEqual(["101"]);
	});

	it("does not follow a redirect, with its credentials", async () => {
		const elsewhere = await startDouble(stream(CONNECTED));
		const { url } = await startDouble(answer(307, { Location: elsewhere.url }));
		const { become } = open(url, { getToken: () => "a-token" });
		await become("waiting");
		expect(elsewhere.asked).toEqual([]);
	});

	it("is not ended by what it cannot read in the middle of a stream, and asks for it again", async () => {
		const { url } = await startDouble(
			stream(CONNECTED, eventFrame("101"), "id: 102\ndata: half\n\n"),
			stream(CONNECTED, eventFrame("102")),
		);
		const { events, connection, until } = open(url);
		await until(() => expect(events).toEqual(["101", "102"]));
		expect(connection.cursor).toBe("102");
	});

	it("hands over no control event of a later version as an event, and moves on with it", async () => {
		const later = [frame("heartbeat", {}, "101"), frame("renamed", { channel: "orders" }, "102"), ":\n:\nid: 103\n\n"];
		const { url } = await startDouble(stream(CONNECTED, ...later, eventFrame("104")));
		const { events, kept, until } = open(url);
		await until(() => expect(events).toEqual(["104"]));
		expect([...kept.values()]).toEqual(["104"]);
	});
});

describe("a connection whose channels end", () => {
	const ENDED = frame("closing", { reason: "ended", reconnect: false }, "102");
	const ABANDONED = frame("closing", { reason: "abandoned", reconnect: false }, "102");

	it("is told so once, keeps the last cursor, and does not come back", async () => {
		const { url, asked } = await startDouble(stream(CONNECTED, eventFrame("101"), `retry: 3600000\n${ENDED}`));
		const onEnd = vi.fn();
		const { connection, states, events, kept, become } = open(url, { onEnd });
		const loop = eventsOf(connection);
		await become("closed");
		expect(await loop).toEqual(["101"]);
		expect(onEnd.mock.calls).toEqual([["ended"]]);
		expect(states.at(-1)).toEqual({ name: "closed", ended: "ended" });
		expect([connection.cursor, [...kept.values()], events, asked.length]).toEqual(["102", ["102"], ["101"], 1]);
		connection.close();
		expect(await eventsOf(connection)).toEqual([]);
		expect(onEnd).toHaveBeenCalledOnce();
	});

	it("does not take events for complete whose publisher has gone", async () => {
		const { url, asked } = await startDouble(stream(CONNECTED, eventFrame("101"), ABANDONED));
		const onEnd = vi.fn();
		const { connection, become } = open(url, { onEnd });
		const loop = connection[Symbol.asyncIterator]();
		expect(await loop.next()).toMatchObject({ value: { id: "101" } });
		const next = loop.next();
		await expect(next).rejects.toMatchObject({ name: "TidingsError", code: "abandoned" });
		await become("closed");
		expect(onEnd.mock.calls).toEqual([["abandoned"]]);
		expect(connection.state).toMatchObject({ ended: "abandoned", error: { code: "abandoned", isTemporary: false } });
		expect(asked).toHaveLength(1);
	});

	it("is told so at once when it comes back to the end", async () => {
		const { url, asked } = await startDouble(answer(204, {}));
		const onEnd = vi.fn();
		const { connection, states, become } = open(url, { onEnd });
		const loop = eventsOf(connection);
		await become("closed");
		expect(onEnd.mock.calls).toEqual([["ended"]]);
		expect(states.map(({ name }) => name)).toEqual(["connecting", "closed"]);
		expect([await loop, connection.cursor, asked.length]).toEqual([[], "99", 1]);
	});

	it("is told so too when it comes back to what was abandoned meanwhile", async () => {
		const { url } = await startDouble(answer(204, { "End-Reason": "abandoned" }));
		const onEnd = vi.fn();
		const { connection, become } = open(url, { onEnd });
		const loop = eventsOf(connection);
		await expect(loop).rejects.toMatchObject({ code: "abandoned" });
		await become("closed");
		expect(onEnd.mock.calls).toEqual([["abandoned"]]);
	});

	it("takes an empty answer for somebody else's where it has no cursor", async () => {
		const { url } = await startDouble(answer(204, {}));
		const onEnd = vi.fn();
		const { connection, become } = open(url, { onEnd, storage: { getItem: () => null, setItem: () => {} } });
		await become("waiting");
		expect(connection.state).toMatchObject({ error: { status: 204, code: undefined, isTemporary: true } });
		expect(onEnd).not.toHaveBeenCalled();
	});

	it("is told of one channel of several that it has ended, and goes on", async () => {
		const { url } = await startDouble(
			stream(CONNECTED, frame("ended", { channel: "orders", reason: "abandoned" }, "101"), eventFrame("102")),
		);
		const [onEnd, onChannelEnd] = [vi.fn(), vi.fn()];
		const { events, connection, until } = open(url, { onEnd, onChannelEnd });
		await until(() => expect(events).toEqual(["102"]));
		expect(onChannelEnd.mock.calls).toEqual([[{ channel: "orders", reason: "abandoned" }]]);
		expect([onEnd.mock.calls.length, connection.state.name]).toEqual([0, "open"]);
	});

	it("tells it to whoever subscribes later, and once to whoever does so when it ends", async () => {
		const { url } = await startDouble(stream(CONNECTED, ENDED));
		const [during, after] = [vi.fn(), vi.fn()];
		const { connection, become } = open(url, {
			onState: ({ name }) => void (name === "closed" && connection.subscribe({ onEnd: during })),
		});
		await become("closed");
		connection.subscribe({ onEnd: after });
		expect([during.mock.calls, after.mock.calls]).toEqual([[["ended"]], [["ended"]]]);
	});
});

describe("how long a connection waits", () => {
	it.each([
		["2592000", 3_600_000, 3_600_000],
		["9".repeat(400), 3_600_000, 3_600_000],
		["Fri, 31 Dec 9999 23:59:59 GMT", 3_600_000, 3_600_000],
		["600", 600_000, 600_000],
		[new Date(Date.now() + 600_000).toUTCString(), 500_000, 600_000],
		["Infinity", 1000, 2000],
		["-30", 1000, 2000],
		["NaN", 1000, 2000],
		["Sun, 06 Nov 1994 08:49:37 GMT", 1000, 2000],
	])("is what Retry-After says, and an hour at most: %s", async (value, least, most) => {
		const { url, asked } = await startDouble(
			answer(503, { ...problem, "Retry-After": value }, { code: "channel_full" }),
		);
		const wait = await waitOf(url);
		expect(wait).toBeGreaterThanOrEqual(least);
		expect(wait).toBeLessThanOrEqual(most);
		expect(asked).toHaveLength(1);
	});

	it.each([
		["3600001", 1_800_000, 3_600_000],
		["9".repeat(400), 1_800_000, 3_600_000],
		["0", 50, 100],
		["soon", 1000, 2000],
		["-1", 1000, 2000],
	])("follows `retry`, and is an hour at most: %s", async (retry, least, most) => {
		const { url } = await startDouble((response) => {
			response.writeHead(200, { "Content-Type": "text/event-stream" }).end(`retry: ${retry}\n${CONNECTED}`);
		});
		const wait = await waitOf(url);
		expect(wait).toBeGreaterThanOrEqual(least);
		expect(wait).toBeLessThanOrEqual(most);
	});

	it("is not at all as long as a timer takes where nothing is to be heard for longer", async () => {
		const { url, asked } = await startDouble(stream(CONNECTED));
		for (const silenceSeconds of [2_147_484, 1e9, Number.MAX_VALUE]) {
			const { become, states } = open(url, { silenceSeconds });
			await become("open");
			expect(states.map(({ name }) => name)).toEqual(["connecting", "open"]);
		}
		expect(asked).toHaveLength(3);
	});

	it.each([Number.NaN, 0, -1, Number.POSITIVE_INFINITY, "60", null])(
		"is refused as silence of %s seconds",
		(silence) => {
			expect(() => open("http://127.0.0.1:9", { silenceSeconds: silence as number })).toThrow("silenceSeconds");
		},
	);

	it("cannot be told by signs of life that no token goes with", () => {
		expect(() => connect({ url: "http://127.0.0.1:9", channels: ["a"], getTicket: () => "t", alive: true })).toThrow(
			"Signs of life need a token",
		);
	});

	it.each(["4e99", "1e400", "-1e400", "0", "null", '"soon"'])(
		"for new credentials is not mistaken where a stream ends at an absurd time: %s",
		async (expires) => {
			const { url, asked } = await startDouble(stream(CONNECTED.replace("4000000000", expires), eventFrame("101")));
			const { events, states, until } = open(url);
			await until(() => expect(events).toEqual(["101"]));
			await new Promise((resolve) => setTimeout(resolve, 100));
			expect(asked).toHaveLength(1);
			expect(states.map(({ name }) => name)).toEqual(["connecting", "open"]);
		},
	);

	it("is some time also where a stream ends with its credentials as soon as it is open", async () => {
		const { url } = await startDouble(
			stream(CONNECTED, frame("closing", { reason: "token_expired", reconnect: true })),
		);
		const { states, become } = open(url);
		await become("waiting");
		expect(states.map(({ name }) => name)).toEqual(["connecting", "open", "waiting"]);
	});

	it("for anything at all counts from the last byte, though it is of a comment that has not ended", async () => {
		const { url, asked } = await startDouble((response) => {
			stream(CONNECTED)(response, response.req);
			const beat = setInterval(() => response.write(":"), 50);
			response.on("close", () => clearInterval(beat));
		});
		const { connection, become } = open(url, { silenceSeconds: 1 });
		await become("open");
		await new Promise((resolve) => setTimeout(resolve, 2500));
		expect([connection.state.name, asked.length]).toEqual(["open", 1]);
	});
});

describe("a connection whose user logs out", () => {
	it.each([null, undefined, "", 7, { ticket: "a-ticket" }])("ends where the credentials are %j", async (given) => {
		const { url, asked } = await startDouble(stream(CONNECTED));
		for (const name of ["getTicket", "getToken"] as const) {
			const { connection, become } = open(url, { [name]: async () => given });
			await become("closed");
			expect(connection.state).toMatchObject({
				error: { name: "TidingsError", status: 401, code: "missing_token", message: expect.stringContaining(name) },
			});
			await expect(connection[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(TidingsError);
		}
		expect(asked).toEqual([]);
	});

	it("ends at once when a renewal finds nobody logged in", async () => {
		const { url, asked } = await startDouble(stream(CONNECTED, frame("expiring", { expires: 4_000_000_000 })));
		const getToken = vi.fn<() => string | null>(() => null).mockReturnValueOnce("a-token");
		const { states, connection, become } = open(url, { getToken });
		await become("closed");
		expect(states.map(({ name }) => name)).toEqual(["connecting", "open", "closed"]);
		expect(connection.state).toMatchObject({ error: { code: "missing_token" } });
		expect(asked).toHaveLength(1);
	});

	it("does not end where the credentials could not be had, or can be none; and nobody is told them", async () => {
		const { url, asked } = await startDouble(stream(CONNECTED));
		const getToken = vi.fn(async () => "a-token");
		getToken.mockRejectedValueOnce(undefined).mockResolvedValueOnce("secret\nX-Other: 1");
		const { states, become } = open(url, { getToken });
		await become("open");
		expect(states.map(({ name }) => name)).toEqual([
			"connecting",
			"waiting",
			"connecting",
			"waiting",
			"connecting",
			"open",
		]);
		expect(states[3]).toMatchObject({ error: { message: expect.not.stringContaining("secret") } });
		expect(asked).toHaveLength(1);
	});
});

describe("the renewal of a stream", () => {
	it.each([
		["a page", answer(200, html, "<h1>Log in</h1>")],
		["no time", answer(200, {}, { connection: "c.orders" })],
		["a time that is a text", answer(200, {}, { expires: "soon" })],
		["a redirect", answer(301, { Location: "/" })],
		["nothing", answer(204, {})],
	])("is none where somebody else answers it, and the stream goes on: %s", async (_, foreign) => {
		const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
		const { url, asked } = await startDouble((response) => {
			stream(CONNECTED, frame("expiring", { expires: 4_000_000_000 }))(response, response.req);
			response.on("close", () => {});
		}, foreign);
		const { connection, until } = open(url, { getToken: () => "a-token" });
		await until(() => expect(warn).toHaveBeenCalledOnce());
		expect(warn.mock.calls[0]?.[1]).toMatchObject({ name: "TidingsError", code: undefined });
		expect(connection.state.name).toBe("open");
		expect(asked.map(({ method }) => method)).toEqual(["GET", "PUT"]);
		warn.mockRestore();
	});
});

describe("where a connection goes", () => {
	it("is below the path of its URL, with the query of its URL", async () => {
		const { url, asked } = await startDouble(stream(CONNECTED));
		for (const path of ["/sse", "/sse/", "/sse?tenant=1", "/sse/?tenant=1#x"])
			await open(`${url}${path}`).become("open");
		expect(asked.map(({ url: path }) => path?.replace(/[?&]channel=.*/, ""))).toEqual([
			"/sse/events",
			"/sse/events",
			"/sse/events?tenant=1",
			"/sse/events?tenant=1",
		]);
	});

	it("is refused at once where no request can go there", () => {
		for (const url of ["/sse", "localhost:8787", "", "ftp://example.com"]) {
			expect(() => open(url)).toThrow(TypeError);
		}
	});

	it("is relative to the page in a page", async () => {
		const { url, asked } = await startDouble(stream(CONNECTED));
		vi.stubGlobal("location", { href: `${url}/app/index.html` });
		await open("/sse").become("open");
		await open("sse").become("open");
		vi.unstubAllGlobals();
		expect(asked.map(({ url: path }) => path?.replace(/\?.*/, ""))).toEqual(["/sse/events", "/app/sse/events"]);
	});
});

describe("a connection that is closed", () => {
	it("while it begins to connect asks for nothing any more", async () => {
		const { url, asked } = await startDouble(stream(CONNECTED));
		const getTicket = vi.fn(() => "a-ticket");
		const { connection, states, become } = open(url, {
			getTicket,
			onState: ({ name }) => void (name === "connecting" && connection.close()),
		});
		await become("closed");
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect([getTicket.mock.calls.length, asked.length, states.length]).toEqual([0, 0, 0]);
	});

	it("while it is told that it waits does not wait", async () => {
		const { url, asked } = await startDouble(answer(503, { "Retry-After": "1" }));
		const { connection, become } = open(url, {
			onState: ({ name }) => void (name === "waiting" && connection.close()),
		});
		await become("closed");
		await new Promise((resolve) => setTimeout(resolve, 1200));
		expect(asked).toHaveLength(1);
	});

	it("by a handler keeps the event that the handler was given, and gives no other", async () => {
		const { url } = await startDouble(stream(CONNECTED + eventFrame("101") + eventFrame("102")));
		const events: string[] = [];
		const { connection, kept, become } = open(url, {
			onEvent: ({ id }) => {
				events.push(id);
				connection.close();
			},
		});
		await become("closed");
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect([events, [...kept.values()]]).toEqual([["101"], ["101"]]);
	});

	it("with an error keeps it, though it is closed once more", async () => {
		const { url } = await startDouble(answer(403, problem, { code: "insufficient_scope" }));
		const { connection, become } = open(url);
		const loop = connection[Symbol.asyncIterator]();
		await become("closed");
		connection.close();
		expect(connection.state).toMatchObject({ error: { code: "insufficient_scope" } });
		await expect(loop.next()).rejects.toThrow("insufficient_scope");
	});
});

describe("a connection whose loop takes its time", () => {
	it("has the event behind it when it is renewed meanwhile", async () => {
		// A ticket that ends in so many seconds is followed by the next after one.
		const expires = `${Math.floor(Date.now() / 1000) + 76}`;
		const first = stream(CONNECTED.replace("4000000000", expires), eventFrame("101"));
		const { url, asked } = await startDouble(first, stream(CONNECTED));
		const { connection, until } = open(url);
		const loop = connection[Symbol.asyncIterator]();
		expect(await loop.next()).toMatchObject({ value: { id: "101" } });
		await new Promise((resolve) => setTimeout(resolve, 2500));
		const next = loop.next();
		await until(() => expect(asked).toHaveLength(2));
		expect(new URL(asked[1]?.url ?? "", url).searchParams.get("lastEventId")).toBe("101");
		connection.close();
		expect(await next).toMatchObject({ done: true });
	});
});

describe("a storage that throws", () => {
	it("does not keep a connection from opening, and its error is nobody's secret", async () => {
		const listeners = process.listeners("uncaughtException");
		process.removeAllListeners("uncaughtException");
		const thrown = once(process, "uncaughtException");
		try {
			const { url, asked } = await startDouble(stream(CONNECTED));
			const getItem = () => {
				throw new Error("The storage is blocked.");
			};
			const { become } = open(url, { storage: { getItem, setItem: () => {} } });
			expect(await thrown).toMatchObject([{ message: "The storage is blocked." }, "uncaughtException"]);
			await become("open");
			expect(asked[0]?.url).not.toContain("lastEventId");
		} finally {
			for (const listener of listeners) process.on("uncaughtException", listener);
		}
	});
});
