import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createTidings, type TidingsEnv, type TidingsOptions } from "../../../src/index.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { type Line, watchLines } from "../../support/lines.ts";
import { call, freshChannel, PUBLISH_KEY, problem, publish } from "../../support/service.ts";
import { SocketReader } from "../../support/socket.ts";

let issuer: TestIssuer;
let alice: string;
let lines: Line[];

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await issuer.token();
});

beforeEach(() => {
	lines = watchLines();
});

afterEach(() => {
	vi.restoreAllMocks();
});

const bearer = (credential: string) => ({ headers: { Authorization: `Bearer ${credential}` } });

/** A request to a service with hooks or other settings. */
async function callWith(
	options: TidingsOptions,
	settings: Partial<TidingsEnv>,
	path: string,
	init?: RequestInit,
): Promise<Response> {
	return await createTidings(options).app.request(`http://tidings.test${path}`, init, { ...env, ...settings });
}

/** Bindings whose channels fail. */
function brokenChannels(error: unknown): Partial<TidingsEnv> {
	const fails = () => Promise.reject(error);
	const stub = { state: fails, publish: fails, fetch: fails };
	return { CHANNEL: { getByName: () => stub } as unknown as TidingsEnv["CHANNEL"] };
}

/** Bindings that fail where nobody foresaw it. */
function brokenLimit(error: unknown): Partial<TidingsEnv> {
	return { PUBLISH_RATE_LIMIT: { limit: () => Promise.reject(error) } as unknown as RateLimit };
}

/** Ends a stream that a test has opened. */
async function opened(response: Response): Promise<Response> {
	expect(response.status).toBe(200);
	await response.body?.cancel();
	return response;
}

describe("a request", () => {
	it("leaves one line when it is answered, and no more than an operator needs", async () => {
		const channel = freshChannel();
		const response = await publish(channel, { data: 1 });
		const path = `/channels/${channel}/events`;
		expect(lines.map(({ method, fields }) => [method, fields])).toEqual([
			[
				"info",
				{
					level: "info",
					message: `POST ${path} 201`,
					request: response.headers.get("X-Request-Id"),
					publisher: expect.stringMatching(/^key:[0-9a-f]{16}$/),
					method: "POST",
					path,
					milliseconds: expect.any(Number),
					status: 201,
				},
			],
		]);
	});

	it.each([
		["GET", "/nowhere"],
		["POST", "/events"],
		["HEAD", "/events"],
		["GET", "/events?channel=orders"],
		["GET", "/ws"],
		["GET", "/channels/a%20b"],
		["PUT", "/connections/x"],
		["POST", "/tickets"],
	])("that is refused leaves a warning with the code and detail of its answer: %s %s", async (method, path) => {
		const response = await call(path, { method });
		const { code, detail } =
			method === "HEAD" ? { code: "method_not_allowed", detail: expect.any(String) } : await problem(response);
		expect(lines).toEqual([
			{
				method: "warn",
				text: expect.any(String),
				fields: {
					level: "warn",
					message: `${method} ${path.split("?")[0]} ${response.status}`,
					request: response.headers.get("X-Request-Id"),
					method,
					path: path.split("?")[0],
					status: response.status,
					code,
					detail,
					milliseconds: expect.any(Number),
				},
			},
		]);
	});

	it("that a channel refuses leaves the channel's code, in a stream of one channel or of several", async () => {
		const channel = freshChannel();
		const settings = bearer(PUBLISH_KEY);
		await call(`/channels/${channel}/subscribers?user=alice`, { method: "DELETE", ...settings });
		for (const others of ["", `&channel=${freshChannel()}`]) {
			lines.length = 0;
			const response = await call(`/events?channel=${channel}${others}`, bearer(await issuer.token({ iat: 1 })));
			const { code, detail, status } = await problem(response);
			expect([status, code]).toEqual([401, "invalid_token"]);
			expect(response.headers.get("WWW-Authenticate")).toContain("invalid_token");
			expect(lines).toMatchObject([{ method: "warn", fields: { path: "/events", status, code, detail } }]);
		}
	});

	it("that cannot reach its channel leaves one error, with what is behind it", async () => {
		const init = bearer(PUBLISH_KEY);
		await callWith({}, brokenChannels(new TypeError("it broke")), "/channels/orders", init);
		expect(lines).toMatchObject([
			{
				method: "error",
				fields: {
					status: 503,
					code: "channel_unavailable",
					detail: expect.stringContaining("The channel orders could not be reached"),
					publisher: expect.stringMatching(/^key:/),
					error: { name: "TypeError", message: "it broke", stack: expect.stringContaining("logging.test") },
				},
			},
		]);
	});

	it("that fails in a way that nobody foresaw leaves one error, with what it was", async () => {
		const init = { method: "POST", ...bearer(PUBLISH_KEY), body: "data=1" };
		const response = await callWith({}, brokenLimit(new Error("unforeseen")), "/channels/orders/events", init);
		expect((await problem(response)).code).toBe("internal_error");
		const error = { name: "Error", message: "unforeseen", stack: expect.any(String) };
		expect(lines).toMatchObject([{ method: "error", fields: { status: 500, code: "internal_error", error } }]);
	});

	it("to a service whose settings are unusable leaves an error that names the setting", async () => {
		const response = await callWith({}, { HEARTBEAT_SECONDS: "0" }, "/health");
		expect(response.headers.get("X-Request-Id")).toBe(lines[0]?.fields.request);
		expect(lines).toMatchObject([
			{ method: "error", fields: { code: "misconfigured", detail: expect.stringContaining("HEARTBEAT_SECONDS") } },
		]);
	});

	it("for a stream leaves its line when that opens", async () => {
		const response = await call(`/events?channel=${freshChannel()}`, bearer(alice));
		expect(lines).toMatchObject([{ method: "info", fields: { path: "/events", status: 200 } }]);
		await opened(response);
		expect(lines).toHaveLength(1);
	});

	it("does not say which user it was: of publishers, only keys are named", async () => {
		const channel = freshChannel();
		const init = {
			method: "POST",
			...bearer(await issuer.token({ sub: "mallory", publish: [channel] })),
			body: "data=1",
		};
		const headers = { ...init.headers, "Content-Type": "application/x-www-form-urlencoded" };
		expect((await call(`/channels/${channel}/events`, { ...init, headers })).status).toBe(201);
		expect(lines).toHaveLength(1);
		expect(lines[0]?.text).not.toMatch(/mallory|publisher/);
	});

	it("is written down with its path as it was sent, without the query", async () => {
		await call(`/channels/a%0Ab%22/events?limit=3&note=hello#there`);
		expect(lines[0]?.fields).toMatchObject({ path: "/channels/a%0Ab%22/events" });
		expect(lines[0]?.text).not.toMatch(/hello|limit|there/);
	});

	it("of a page that asks first leaves a line, too", async () => {
		await call("/channels/orders/events", { method: "OPTIONS", headers: { Origin: "https://app.example.com" } });
		expect(lines).toMatchObject([{ fields: { level: "info", method: "OPTIONS", status: 204 } }]);
	});
});

describe("the id of a request", () => {
	it("is on every kind of answer, and in its line", async () => {
		const headers = { "X-Request-Id": "order-7_a=", Origin: "https://app.example.com" };
		const streams = { headers: { ...headers, ...bearer(alice).headers } };
		const [channel, other] = [freshChannel(), freshChannel()];
		const answers = [
			await call("/health", { headers }),
			await call("/health", { method: "HEAD", headers }),
			await call("/health", { method: "OPTIONS", headers }),
			await call("/health", { method: "POST", headers }),
			await call("/nowhere", { headers }),
			await call("/console/settings.json", { headers }),
			await call("/", { headers }),
			await call("/tickets", { method: "POST", headers }),
			await publish(channel, { data: 1 }, headers),
			await call(`/channels/${channel}/events`, { headers: { ...headers, ...bearer(PUBLISH_KEY).headers } }),
			await opened(await call(`/events?channel=${channel}`, streams)),
			await opened(await call(`/events?channel=${channel}&channel=${other}`, streams)),
			await call("/ws", { headers: { ...headers, Upgrade: "websocket" } }),
		];
		for (const { headers } of answers) expect(headers.get("X-Request-Id")).toBe("order-7_a=");
		for (const { headers } of answers) expect(headers.get("Access-Control-Expose-Headers")).toContain("X-Request-Id");
		expect(lines.map(({ fields }) => fields.request)).toEqual(answers.map(() => "order-7_a="));
		answers.at(-1)?.webSocket?.accept();
		answers.at(-1)?.webSocket?.close(1000);
	});

	it.each([
		["too long", "a".repeat(256)],
		["with a space", "a b"],
		["with quotes", '","level":"info'],
		["that is empty", ""],
	])("is a new one in the place of one %s", async (_, id) => {
		const response = await call("/health", { headers: { "X-Request-Id": id } });
		expect(response.headers.get("X-Request-Id")).toMatch(/^[0-9a-f-]{36}$/);
		expect(lines[0]?.fields.request).toBe(response.headers.get("X-Request-Id"));
	});

	it("is the one that Cloudflare gave it, where it brings none of its own", async () => {
		const headers = { "CF-Ray": "8f2a3b4c5d6e7f80-AMS" };
		const response = await call("/health", { headers });
		expect(response.headers.get("X-Request-Id")).toBe("8f2a3b4c5d6e7f80-AMS");
		const other = await call("/health", { headers: { ...headers, "X-Request-Id": "mine" } });
		expect(other.headers.get("X-Request-Id")).toBe("mine");
	});

	it("is the one of the app around it, where that gives some", async () => {
		const app = new Hono().use(requestId({ generator: () => "outer-1" })).route("/sse", createTidings().app);
		const response = await app.request("http://tidings.test/sse/health", {}, env);
		expect(response.headers.get("X-Request-Id")).toBe("outer-1");
		expect(lines).toMatchObject([{ fields: { request: "outer-1", path: "/sse/health" } }]);
	});

	it("may be sent by a page of another origin", async () => {
		const headers = {
			Origin: "https://app.example.com",
			"Access-Control-Request-Method": "POST",
			"Access-Control-Request-Headers": "x-request-id",
		};
		const response = await call("/channels/orders/events", { method: "OPTIONS", headers });
		expect(response.headers.get("Access-Control-Allow-Headers")).toBe("x-request-id");
	});
});

describe("a hook that throws", () => {
	const fails = () => {
		throw new RangeError("out of patience");
	};
	const error = { name: "RangeError", message: "out of patience", stack: expect.any(String) };

	it.each<[string, TidingsOptions, object, number]>([
		["authenticate", { authenticate: fails }, { message: "The authenticate hook failed; the request is denied." }, 401],
		[
			"authorizeSubscribe",
			{ authorizeSubscribe: fails },
			{ message: "An authorisation hook failed; the request is denied.", channel: "orders" },
			403,
		],
	])("leaves an error with the id of the request, besides the line of that: %s", async (_, hooks, fields, status) => {
		const init = { headers: { ...bearer(alice).headers, "X-Request-Id": "r1" } };
		await callWith(hooks, {}, "/events?channel=orders", init);
		expect(lines.map(({ fields }) => fields)).toEqual([
			{ level: "error", request: "r1", error, ...fields },
			expect.objectContaining({ level: "warn", request: "r1", status }),
		]);
	});

	it("says which publish was denied, and whose", async () => {
		const init = { method: "POST", headers: { ...bearer(PUBLISH_KEY).headers, "X-Request-Id": "r1" } };
		await callWith({ authorizePublish: fails }, {}, "/channels/orders/events", init);
		const publisher = expect.stringMatching(/^key:/);
		expect(lines[0]?.fields).toMatchObject({ level: "error", request: "r1", channel: "orders", publisher, error });
		expect(lines).toHaveLength(2);
	});
});

describe("a WebSocket", () => {
	it("that ends with an error leaves a line with the id of the request that opened it", async () => {
		const socket = await SocketReader.open({ "X-Request-Id": "r1" });
		socket.send({ type: "auth", token: "not a token", channels: ["orders"] });
		const { code, detail } = (await socket.next()) as Record<string, unknown>;
		await socket.closed();
		expect(lines.map(({ fields }) => fields)).toEqual([
			expect.objectContaining({ message: "GET /ws 101", request: "r1", status: 101 }),
			{ level: "warn", message: "A WebSocket was closed with an error.", request: "r1", status: 401, code, detail },
		]);
	});

	it("that its client closes leaves no other line than that it was opened", async () => {
		const socket = await SocketReader.open();
		socket.send({ type: "auth", token: alice, channels: [freshChannel()] });
		await socket.next();
		socket.close();
		await socket.closed();
		expect(lines).toHaveLength(1);
	});
});

describe("a publish over a service binding", () => {
	function service(options: TidingsOptions, settings: Partial<TidingsEnv> = {}) {
		return new (createTidings(options).PublishService)(createExecutionContext(), { ...env, ...settings });
	}

	it("leaves a line only where it fails", async () => {
		await service({}).publish(freshChannel(), { data: 1 });
		expect(lines).toEqual([]);
		const failing = service({}, brokenChannels(new Error("it broke")));
		await expect(failing.publish("orders", { data: 1 })).rejects.toThrow("channel_unavailable");
		await expect(service({}).publish("a b", { data: 1 })).rejects.toThrow("invalid_channel");
		const message = "A publish over a service binding failed.";
		expect(lines.map(({ fields }) => fields)).toMatchObject([
			{ level: "error", message, publisher: "service", channel: "orders", status: 503, error: { message: "it broke" } },
			{
				level: "warn",
				message,
				publisher: "service",
				code: "invalid_channel",
				detail: expect.stringContaining('"a b"'),
			},
		]);
	});
});

describe("no line holds a credential", () => {
	const opaque = 'a+b/c= "d"&é';
	const encoded = encodeURIComponent(opaque);
	/** Throws what it is asked about, in each form in which that may come. */
	const blurt = (token: string, request: Request): never => {
		throw new Error(
			`cannot check ${token}, ${encodeURIComponent(token)}, ${JSON.stringify({ token })} of ${request.url}`,
		);
	};
	const ticketOf = async (channel: string): Promise<string> => {
		const headers = { ...bearer(PUBLISH_KEY).headers, "Content-Type": "application/json" };
		const body = JSON.stringify({ user: "bob", channels: [channel] });
		const response = await call("/tickets", { method: "POST", headers, body });
		return ((await response.json()) as { ticket: string }).ticket;
	};

	/** Finds no trace of a secret, in any of its forms, in lines of which there are some. */
	function expectNone(...secrets: string[]): void {
		expect(lines.length).toBeGreaterThan(0);
		const forms = secrets.flatMap((secret) => [
			secret,
			encodeURIComponent(secret),
			encodeURIComponent(secret).toLowerCase(),
			JSON.stringify(secret).slice(1, -1),
			JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1),
		]);
		for (const { text } of lines) for (const form of forms) expect(text).not.toContain(form);
	}

	it.each<[string, () => string | Promise<string>]>([
		["a token", () => alice],
		["a token of somebody else's", () => alice.slice(0, -4)],
		["a publish key", () => PUBLISH_KEY],
		["a wrong key", () => "wrong-publish-key-0123456789abcdef"],
		["a ticket", () => ticketOf("orders")],
	])("that is good or not, in the header or in the URL: %s", async (_, make) => {
		const secret = await make();
		for (const path of ["/events?channel=orders", "/channels/orders", "/channels/orders/events", "/tickets"]) {
			for (const method of ["GET", "POST"]) {
				for (const value of [`Bearer ${secret}`, secret, `Basic ${secret}`, `bearer  ${secret} ${secret}`]) {
					const response = await call(path, { method, headers: { Authorization: value } });
					await response.body?.cancel();
				}
			}
		}
		for (const name of ["token", "ticket"]) {
			const response = await call(`/events?channel=orders&${name}=${secret}&${name}=${secret}x`);
			await response.body?.cancel();
			await (await call(`/events?channel=orders&${name}=${secret}`)).body?.cancel();
		}
		expectNone(secret);
	});

	it("that stands where none belongs: in a path, in the name of a channel, or as the id of the request", async () => {
		const headers = { ...bearer(PUBLISH_KEY).headers, "X-Request-Id": PUBLISH_KEY };
		await call(`/channels/${PUBLISH_KEY}`, { headers });
		await call(`/channels/a%20${PUBLISH_KEY}/events`, { headers });
		await call(`/nowhere/${PUBLISH_KEY}?token=${PUBLISH_KEY}`);
		expectNone(PUBLISH_KEY);
	});

	it("that an authenticate hook puts into its error", async () => {
		const inHeader = "opaque-token-0123456789";
		await callWith({ authenticate: blurt }, {}, "/events?channel=orders", bearer(inHeader));
		await callWith({ authenticate: blurt }, {}, `/events?channel=orders&token=${encoded}`);
		await callWith({ authenticate: blurt }, {}, `/events?channel=orders&token=${encoded.toLowerCase()}`);
		expect(lines.filter(({ fields }) => fields.level === "error")).toHaveLength(3);
		for (const { fields } of lines)
			if (fields.error) expect(JSON.stringify(fields.error)).toContain("cannot check [redacted]");
		expectNone(inHeader, opaque);
	});

	it("that another hook, or a failure that nobody foresaw, puts into its error", async () => {
		const authenticate = () => ({ sub: "alice", expires: Date.now(), channels: ["*"], publish: ["*"] });
		const token = "opaque-token-0123456789";
		const fails = () => blurt(token, new Request(`http://tidings.test/?token=${token}`));
		const streams = "/events?channel=orders";
		await callWith({ authenticate, authorizeSubscribe: fails }, {}, `${streams}&token=${token}`);
		await callWith({ authenticate, authorizePublish: fails }, {}, "/channels/orders/events", {
			method: "POST",
			...bearer(token),
		});
		const error = new Error(`unforeseen: ${token}`);
		await callWith({ authenticate }, brokenChannels(error), `${streams}&token=${token}`);
		await callWith({}, brokenChannels(new Error(PUBLISH_KEY)), "/channels/orders", bearer(PUBLISH_KEY));
		const init = { method: "POST", ...bearer(token) };
		await callWith({ authenticate }, brokenLimit(error), "/channels/orders/events", init);
		expect(lines.filter(({ fields }) => fields.error)).toHaveLength(5);
		expectNone(token, PUBLISH_KEY);
	});

	it("that comes in a message over a WebSocket, again and again", async () => {
		const { app } = createTidings({
			authenticate: (token, request) =>
				token.startsWith("good") ? { sub: "alice", expires: Date.now() } : blurt(token, request),
			authorizeSubscribe: (_, channel) => blurt("good-0123456789", new Request(`http://tidings.test/${channel}`)),
		});
		for (const auth of [
			{ token: opaque },
			{ ticket: opaque },
			{ token: opaque, ticket: opaque },
			{ token: "good-0123456789", channels: ["public:1"] },
		]) {
			const headers = { Upgrade: "websocket", Authorization: "Bearer of-the-header-0123" };
			const { webSocket } = await app.request("http://tidings.test/ws", { headers }, env);
			const closed = new Promise((resolve) => webSocket?.addEventListener("close", resolve));
			webSocket?.accept();
			webSocket?.send(JSON.stringify({ type: "auth", channels: ["public:1"], ...auth }));
			await closed;
		}
		expect(lines.filter(({ fields }) => fields.error)).toHaveLength(2);
		expectNone(opaque, "good-0123456789", "of-the-header-0123");
	});

	it("that a body holds, nor anything else of it", async () => {
		await publish(freshChannel(), { data: "for-your-eyes-only" }, { "Idempotency-Key": "the key" });
		await publish(freshChannel(), { wrong: "for-your-eyes-only" });
		await call("/tickets", { method: "POST", ...bearer(PUBLISH_KEY), body: "for-your-eyes-only" });
		expectNone("for-your-eyes-only");
	});
});
