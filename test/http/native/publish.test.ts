import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createTidings } from "../../../src/index.ts";
import { TestIssuer } from "../../support/issuer.ts";
import { call, freshChannel, PUBLISH_KEY, problem, publish, subscribe } from "../../support/service.ts";

let issuer: TestIssuer;
let alice: string;

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await issuer.token();
});

function send(channel: string, contentType: string | undefined, body: BodyInit, query = ""): Promise<Response> {
	const headers = new Headers({ Authorization: `Bearer ${PUBLISH_KEY}` });
	if (contentType !== undefined) headers.set("Content-Type", contentType);
	return call(`/channels/${channel}/events${query}`, { method: "POST", headers, body });
}

async function buffered(channel: string): Promise<{ type: string; data: unknown }[]> {
	const response = await call(`/channels/${channel}/events`, { headers: { Authorization: `Bearer ${PUBLISH_KEY}` } });
	const events = (await response.json()) as { type: string; data: unknown }[];
	return events.map(({ type, data }) => ({ type, data }));
}

describe("POST /channels/{channel}/events", () => {
	it("takes frames that are as large as they may be", async () => {
		const channel = freshChannel();
		const line = `data: ${"x".repeat(65_536)}`;
		const lines = "data:x\n".repeat(32_768);
		expect((await send(channel, "text/event-stream", `${line}\n\n${line}`)).status).toBe(201);
		expect((await send(channel, "text/event-stream", `event: t\nretry: 5\n${lines}id: 7`)).status).toBe(201);
		expect((await buffered(channel)).map(({ data }) => `${data}`.length)).toEqual([65_536, 65_536, 65_535]);
	});

	it("takes a token whose `publish` claim names the channel", async () => {
		const token = await issuer.token({ publish: ["chat:*"] });
		const headers = { Authorization: `Bearer ${token}` };
		expect((await publish(freshChannel(), { data: 1 }, headers)).status).toBe(201);
		expect(await problem(await publish("orders", { data: 1 }, headers))).toMatchObject({ code: "insufficient_scope" });
	});
});

describe("POST /users/{sub}/events", () => {
	it("publishes to the personal channel, whatever the subject is made of", async () => {
		const stream = await subscribe("/events?channel=user:auth0~7C1~2F~25", await issuer.token({ sub: "auth0|1/%" }));
		await stream.expect("connected");
		const response = await call(`/users/${encodeURIComponent("auth0|1/%")}/events`, {
			method: "POST",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" },
			body: '{"data":"for you"}',
		});
		expect(await response.json()).toMatchObject({ channel: "user:auth0~7C1~2F~25", subscribers: 1 });
		expect((await stream.next()).data).toBe("for you");
		await stream.close();
	});
});

describe("a subject in the path", () => {
	it.each(["*", "%2A"])("is not %s, which means everyone in `to`", async (subject) => {
		const response = await call(`/users/${subject}/events`, {
			method: "POST",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" },
			body: '{"data":1}',
		});
		expect(await problem(response)).toMatchObject({
			status: 400,
			code: "invalid_request",
			detail: expect.stringContaining("everyone"),
		});
	});

	it.each(["%ff", "%zz", "%C3"])(
		"that is encoded badly, as %s is, is refused, and not taken for another",
		async (subject) => {
			const response = await call(`/users/${subject}/events`, {
				method: "POST",
				headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" },
				body: '{"data":1}',
			});
			expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
		},
	);
});

describe("a byte order mark", () => {
	const form = "application/x-www-form-urlencoded";
	it.each<[string, string, string, unknown[]]>([
		["JSON", "application/json", '{"data":"one"}', ["one"]],
		["a batch", "application/json", '[{"data":"one"},{"data":"two"}]', ["one", "two"]],
		["a form", form, "data=one&type=t", ["one"]],
		["a text", "text/plain", "one", ["one"]],
		["frames", "text/event-stream", "data: one\n\ndata: two\n\n", ["one", "two"]],
		["frames that begin with a type", "text/event-stream", "event: t\r\ndata: one\r\n\r\n", ["one"]],
	])("is ignored before %s", async (_, contentType, body, data) => {
		const channel = freshChannel();
		expect((await send(channel, contentType, `\ufeff${body}`)).status).toBe(201);
		expect((await buffered(channel)).map((event) => event.data)).toEqual(data);
	});

	it("is ignored once: a second one is part of a text", async () => {
		const channel = freshChannel();
		await send(channel, "text/plain", "\ufeff\ufefftext");
		expect((await buffered(channel)).map(({ data }) => data)).toEqual(["\ufefftext"]);
	});

	it.each(["application/json", form, "text/plain", "text/event-stream"])(
		"alone is an empty body: %s",
		async (contentType) => {
			const response = await send(freshChannel(), contentType, "\ufeff");
			expect(await problem(response)).toMatchObject({
				code: "invalid_event",
				detail: expect.stringContaining("empty"),
			});
		},
	);

	it.each([
		"\ufeff\ufeffdata: one\n\ndata: two\n\n",
		"data: one\n\n\ufeffdata: two\n\n",
		"data: one\r\r\ufeffevent: t\rdata: two\r\r",
	])("before another line of frames is refused: the standard would have that line lost in silence", async (body) => {
		const channel = freshChannel();
		expect(await problem(await send(channel, "text/event-stream", body))).toMatchObject({
			code: "invalid_event",
			detail: expect.stringContaining("byte order mark"),
		});
		expect(await buffered(channel)).toEqual([]);
	});

	it("within data is data", async () => {
		const channel = freshChannel();
		await send(channel, "text/event-stream", "data: \ufeff1\n\n");
		await send(channel, "application/json", '{"data":"\ufeff2"}');
		expect((await buffered(channel)).map(({ data }) => data)).toEqual(["\ufeff1", "\ufeff2"]);
	});
});

describe("JSON data", () => {
	/** The data of a channel's events, as the service writes it: parsed, it would change again. */
	async function written(channel: string, query = ""): Promise<string[]> {
		const stream = await subscribe(`/events?channel=${channel}&rewind=all${query}`, alice);
		await stream.expect("connected");
		const { data } = await stream.next();
		await stream.close();
		const headers = { Authorization: `Bearer ${PUBLISH_KEY}` };
		return [data, await (await call(`/channels/${channel}/events`, { headers })).text()];
	}

	it.each([
		"1e400",
		"-1E+400",
		"-0",
		"-0.0",
		"1.0",
		"1e2",
		"1e-400",
		"9007199254740993",
		"-123456789012345678901234567890.5",
		"0.1000000000000000055511151231257827",
		'{"id":738529527931269425,"2":-0,"1":[1.50,1e400]}',
		'{"a":1,"a":2,"__proto__":{"b":1}}',
		"[".repeat(500) + "]".repeat(500),
		'{"😀":"\\ud800"}',
	])("goes out with the numbers, names and order that it came with: %s", async (json) => {
		const channel = freshChannel();
		const body = `{"retry": 1e3, "data": ${json}, "to": {"claims": {"sub": "alice"}}}`;
		expect((await send(channel, "application/json", body)).status).toBe(201);
		const [data, history] = await written(channel);
		expect(data).toBe(json);
		expect(history).toContain(`,"data":${json}}]`);
		const [envelope] = await written(channel, "&envelope=1");
		expect(envelope).toContain(`,"data":${json}}`);
	});

	it("is kept so in each event of a batch", async () => {
		const channel = freshChannel();
		await send(channel, "application/json", ' [ { "data" : 1.0 } , {"type":"t","data":[ 1e400 , "a  b" ]}]');
		const stream = await subscribe(`/events?channel=${channel}&rewind=all`, alice);
		await stream.expect("connected");
		expect((await stream.next()).data).toBe("1.0");
		expect((await stream.next()).data).toBe('[1e400,"a  b"]');
		await stream.close();
	});

	it("is the same for an idempotency key only when its numbers are written the same", async () => {
		const channel = freshChannel();
		const keyed = (body: string) =>
			call(`/channels/${channel}/events`, {
				method: "POST",
				headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json", "Idempotency-Key": "k" },
				body,
			});
		expect((await keyed('{"data":9007199254740993}')).status).toBe(201);
		expect((await keyed(' { "data" : 9007199254740993 } ')).headers.get("Idempotent-Replayed")).toBe("true");
		expect((await keyed('{"data":9007199254740992}')).status).toBe(422);
	});

	it.each(['"\\ud800"', '"a\\uDC00"'])("that is the text %s is refused: UTF-8 cannot hold it", async (json) => {
		const response = await send(freshChannel(), "application/json", `{"data":${json}}`);
		expect(await problem(response)).toMatchObject({
			code: "invalid_event",
			detail: expect.stringMatching(/surrogate/),
		});
	});

	it.each([
		["lists", "[".repeat(600) + "]".repeat(600)],
		["objects", `${'{"a":'.repeat(600)}1${"}".repeat(600)}`],
		["lists without an end", "[".repeat(1_000_000)],
	])("that is nested too deeply, in %s, is refused", async (_, json) => {
		const response = await send(freshChannel(), "application/json", `{"data":${json}}`);
		expect(await problem(response)).toMatchObject({
			code: "invalid_event",
			detail: "The body is nested deeper than 512 levels. Flatten it, or send the data as a string.",
		});
	});
});

describe("Idempotency-Key", () => {
	it("is each user's own: a user can neither block a backend's key, nor another user's", async () => {
		const channel = freshChannel();
		const as = async (sub: string, data: number) => {
			const headers = {
				Authorization: `Bearer ${await issuer.token({ sub, publish: ["*"] })}`,
				"Idempotency-Key": "k",
			};
			return await publish(channel, { data }, headers);
		};
		const answers = [
			await as("alice", 1),
			await as("bob", 2),
			await publish(channel, { data: 3 }, { "Idempotency-Key": "k" }),
			await as("alice", 1),
			await publish(channel, { data: 3 }, { "Idempotency-Key": "k" }),
		];
		expect(answers.map(({ status, headers }) => [status, headers.get("Idempotent-Replayed")])).toEqual([
			[201, null],
			[201, null],
			[201, null],
			[201, "true"],
			[201, "true"],
		]);
		expect(await problem(await as("alice", 4))).toMatchObject({ status: 422, code: "idempotency_mismatch" });
		expect((await buffered(channel)).map(({ data }) => data)).toEqual([1, 2, 3]);
	});

	it("is shared by publish keys, so that they can rotate, and by service bindings", async () => {
		const channel = freshChannel();
		const next = "the-next-publish-key-0123456789abcdef";
		const { app, PublishService } = createTidings();
		const rotated = { ...env, PUBLISH_KEYS: `${PUBLISH_KEY} ${next}` };
		const first = await publish(channel, { data: 1 }, { "Idempotency-Key": "k" });
		const repeat = await app.request(
			`/channels/${channel}/events`,
			{
				method: "POST",
				headers: { Authorization: `Bearer ${next}`, "Content-Type": "application/json", "Idempotency-Key": "k" },
				body: '{"data":1}',
			},
			rotated,
		);
		expect(repeat.headers.get("Idempotent-Replayed")).toBe("true");
		const service = new PublishService(createExecutionContext(), env);
		expect(await service.publish(channel, { data: 1 }, { idempotencyKey: "k" })).toEqual(await first.json());
		expect(await buffered(channel)).toHaveLength(1);
	});
});

/** An object of many members, none of which is a field of an event or a value of a claim. */
function unknownFields(count: number): string {
	return JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [`field${index}`, []])));
}

describe("refused publishes", () => {
	const json = "application/json";
	const form = "application/x-www-form-urlencoded";
	const stream = "text/event-stream";
	it.each([
		["a body that is not JSON", json, "{nope", 400, "invalid_event"],
		["an empty body", json, "", 400, "invalid_event"],
		["an empty text", "text/plain", "", 400, "invalid_event"],
		["a body that is not UTF-8", json, new Uint8Array([0x22, 0xff, 0x22]), 400, "invalid_event"],
		["no data", json, '{"type":"t"}', 400, "invalid_event"],
		["a number", json, "7", 400, "invalid_event"],
		["an unknown field", json, '{"data":1,"id":"7"}', 400, "invalid_event"],
		["an empty batch", json, "[]", 400, "invalid_event"],
		["a batch of 101", json, JSON.stringify(Array.from({ length: 101 }, () => ({ data: 1 }))), 400, "invalid_event"],
		["a batch with one bad event", json, '[{"data":1},{"type":"gap","data":2}]', 400, "invalid_event"],
		["a reserved type", json, '{"type":"connected","data":1}', 400, "invalid_event"],
		["a type that EventSource has a handler for", json, '{"type":"error","data":1}', 400, "invalid_event"],
		["the same in a form", form, "type=open&data=1", 400, "invalid_event"],
		["the same in frames", stream, "event: error\ndata: 1\n\n", 400, "invalid_event"],
		["a retry of more than an hour", json, '{"data":1,"retry":3600001}', 400, "invalid_event"],
		["the same in frames", stream, "retry: 3600001\ndata: 1\n\n", 400, "invalid_event"],
		["a retry without end", stream, `retry: ${"9".repeat(400)}\ndata: 1\n\n`, 400, "invalid_event"],
		["a frame that is too large", stream, `data: ${"x".repeat(65_537)}\n\n`, 413, "payload_too_large"],
		["a frame of too many lines", stream, "data:x\n".repeat(32_769), 413, "payload_too_large"],
		[
			"a frame of too many lines after others",
			stream,
			`data:1\n\n${"data:x\r".repeat(32_770)}`,
			413,
			"payload_too_large",
		],
		["101 frames", stream, "data: 1\n\n".repeat(101), 400, "invalid_event"],
		["a form of many parts", form, "data=1".concat("&x".repeat(100_000)), 400, "invalid_event"],
		["many unknown fields", json, unknownFields(100_000), 400, "invalid_event"],
		["many bad claims", json, `{"data":1,"to":{"claims":${unknownFields(100_000)}}}`, 400, "invalid_event"],
		["a list of null", json, '[null,{"data":1}]', 400, "invalid_event"],
		["control characters in the type", json, '{"type":"a\\nid: 1","data":1}', 400, "invalid_event"],
		["a type of 65 characters", json, JSON.stringify({ type: "t".repeat(65), data: 1 }), 400, "invalid_event"],
		["a retry that is no number", json, '{"data":1,"retry":"soon"}', 400, "invalid_event"],
		["a `to` that names nobody", json, '{"data":1,"to":{}}', 400, "invalid_event"],
		["data that is too large", json, JSON.stringify({ data: "x".repeat(65_537) }), 413, "payload_too_large"],
		["a text that is too large", "text/plain", "ü".repeat(32_769), 413, "payload_too_large"],
		["a form without data", form, "type=t", 400, "invalid_event"],
		["a form with an unknown field", form, "data=1&to=bob", 400, "invalid_event"],
		["a form with a field twice", form, "data=1&data=2", 400, "invalid_event"],
		["an event stream without data", stream, "event: t\n\n", 400, "invalid_event"],
		["an event stream with a reserved type", stream, "event: closing\ndata: {}\n\n", 400, "invalid_event"],
		["a content type that is not supported", "application/xml", "<a/>", 415, "unsupported_media_type"],
		["a name from the prototype as content type", "constructor", "x", 415, "unsupported_media_type"],
		["a charset that is not supported", "text/plain; charset=latin1", "x", 415, "unsupported_media_type"],
	] as const)("%s", async (_, contentType, body, status, code) => {
		const channel = freshChannel();
		const response = await send(channel, contentType, body);
		expect(await problem(response)).toMatchObject({ status, code, detail: expect.stringMatching(/^.{15,500}$/s) });
		expect(await buffered(channel)).toEqual([]);
	});

	it("no content type", async () => {
		const response = await send(freshChannel(), undefined, new TextEncoder().encode('{"data":1}'));
		expect(await problem(response)).toMatchObject({ status: 415, code: "unsupported_media_type" });
	});

	it.each([
		["says that it is gzip", { "Content-Encoding": "gzip" }, "gzip"],
		["says that it is Brotli", { "Content-Encoding": "br" }, "none"],
		["says that it is gzip, and is not", { "Content-Encoding": "GZIP" }, "none"],
		["says that it is coded twice", { "Content-Encoding": "identity, gzip" }, "none"],
		["is gzip, and does not say so", {}, "gzip"],
		["is gzip, and denies it", { "Content-Encoding": "identity" }, "gzip"],
	] as const)("a body that %s", async (_, headers, coding) => {
		const { body: text } = new Response('{"data":1}');
		const body = coding === "gzip" ? text?.pipeThrough(new CompressionStream("gzip")) : text;
		const bytes = await new Response(body).arrayBuffer();
		for (const contentType of [json, form, "text/plain", stream]) {
			const response = await call("/channels/orders/events", {
				method: "POST",
				headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": contentType, ...headers },
				body: bytes,
			});
			expect(response.headers.get("Accept-Encoding")).toBe("identity");
			expect(await problem(response)).toMatchObject({
				status: 415,
				code: "unsupported_media_type",
				detail: expect.stringContaining("Content-Encoding"),
			});
		}
	});

	it("another content type, which has nothing to do with compression", async () => {
		const response = await send(freshChannel(), "application/xml", "<a/>");
		expect(response.headers.get("Accept-Encoding")).toBeNull();
		expect(response.status).toBe(415);
	});

	it("a body that never ends, without a Content-Length", async () => {
		const chunk = new Uint8Array(1_000_000).fill(0x20);
		let sent = 0;
		const body = new ReadableStream<Uint8Array>({
			pull: (controller) => {
				sent += 1;
				controller.enqueue(chunk);
			},
		});
		const response = await send(freshChannel(), "application/json", body);
		expect(await problem(response)).toMatchObject({ status: 413, code: "payload_too_large" });
		expect(sent).toBeLessThan(20);
	});

	it.each([
		["no key", {}, 401, "missing_token"],
		["a key with its patterns", { Authorization: `Bearer ${PUBLISH_KEY}=orders` }, 401, "invalid_token"],
		["a wrong key", { Authorization: "Bearer wrong-publish-key-0123456789abcdef" }, 401, "invalid_token"],
		["another scheme", { Authorization: `Basic ${PUBLISH_KEY}` }, 401, "unsupported_auth_scheme"],
	])("%s", async (_, headers, status, code) => {
		const init = { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: '{"data":1}' };
		const response = await call("/channels/orders/events", init);
		expect(response.headers.get("WWW-Authenticate")).toMatch(/^Bearer /);
		expect(await problem(response)).toMatchObject({ status, code });
	});

	it("a token that may subscribe but not publish", async () => {
		const response = await publish("orders", { data: 1 }, { Authorization: `Bearer ${alice}` });
		expect(response.headers.get("WWW-Authenticate")).toContain('error="insufficient_scope"');
		expect(await problem(response)).toMatchObject({ status: 403, code: "insufficient_scope" });
	});

	it("a channel outside the pattern", async () => {
		expect(await problem(await publish("a%20b", { data: 1 }))).toMatchObject({ status: 400, code: "invalid_channel" });
	});

	it("a subject whose channel would be too long", async () => {
		const response = await call(`/users/${"ü".repeat(30)}/events`, {
			method: "POST",
			headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" },
			body: '{"data":1}',
		});
		expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_channel" });
	});
});
