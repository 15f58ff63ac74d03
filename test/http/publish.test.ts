import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createTidings } from "../../src/index.ts";
import { TestIssuer } from "../support/issuer.ts";
import { call, freshChannel, PUBLISH_KEY, problem, publish, published, subscribe } from "../support/service.ts";

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
	it("answers with where the event stands and how many streams were open", async () => {
		const channel = freshChannel();
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		const response = await publish(channel, { type: "order", data: { id: 7 } });
		expect(response.status).toBe(201);
		expect(await response.json()).toEqual({ channel, ids: [expect.stringMatching(/^\d{16}$/)], subscribers: 1 });
		await stream.close();
	});

	it("gives a batch contiguous ids", async () => {
		const ids = await published(freshChannel(), [{ data: 1 }, { data: 2 }, { data: 3 }]);
		expect(ids.map((id) => Number(id) - Number(ids[0]))).toEqual([0, 1, 2]);
	});

	it.each([
		["JSON", "application/json", '{"type":"t","data":{"a":[1, null]}}', [{ type: "t", data: { a: [1, null] } }]],
		["JSON of any kind", "application/json", '{"data":null}', [{ type: "message", data: null }]],
		["a form", "application/x-www-form-urlencoded", "type=t&data=a%26b", [{ type: "t", data: "a&b" }]],
		["text", "text/plain;charset=UTF-8", "héllo\nwörld", [{ type: "message", data: "héllo\nwörld" }]],
		[
			"an event stream",
			"text/event-stream",
			": comment\nevent: t\nid: 99\ndata: 1\ndata: 2\n\nretry: 5\ndata: {}\n",
			[
				{ type: "t", data: "1\n2" },
				{ type: "message", data: "{}" },
			],
		],
	])("takes %s", async (_, contentType, body, events) => {
		const channel = freshChannel();
		expect((await send(channel, contentType, body)).status).toBe(201);
		expect(await buffered(channel)).toEqual(events);
	});

	it("takes the type of a text from the query", async () => {
		const channel = freshChannel();
		await send(channel, "text/plain", "hello", "?type=greeting");
		expect(await buffered(channel)).toEqual([{ type: "greeting", data: "hello" }]);
	});

	it("addresses a form to its `user`", async () => {
		const channel = freshChannel();
		await send(channel, "application/x-www-form-urlencoded", "data=secret&user=bob");
		await published(channel, { data: "open" });
		const stream = await subscribe(`/events?channel=${channel}&rewind=all`, alice);
		await stream.expect("connected");
		expect((await stream.next()).data).toBe("open");
		await stream.close();
	});

	it("hands the `retry` of a frame on", async () => {
		const channel = freshChannel();
		await send(channel, "text/event-stream", "retry: 1234\ndata: x\n\ndata: y\n\n");
		const response = await call(`/events?channel=${channel}&rewind=all&token=${alice}`);
		const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
		let text = "";
		while (!text.includes("data: y")) text += (await reader?.read())?.value ?? "";
		expect(text.match(/retry: 1234/g)).toHaveLength(1);
		await reader?.cancel();
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
	it("is ignored before JSON, and is data in a text", async () => {
		const channel = freshChannel();
		await send(channel, "application/json", '\ufeff{"data":"json"}');
		await send(channel, "text/plain", "\ufefftext");
		expect((await buffered(channel)).map(({ data }) => data)).toEqual(["json", "\ufefftext"]);
	});
});

describe("Idempotency-Key", () => {
	it("answers a repeat as the first time, and stores nothing", async () => {
		const channel = freshChannel();
		const headers = { "Idempotency-Key": "order-7" };
		const first = await publish(channel, { data: 1 }, headers);
		const stream = await subscribe(`/events?channel=${channel}`, alice);
		const second = await publish(channel, { data: 1 }, headers);
		expect(first.headers.get("Idempotent-Replayed")).toBeNull();
		expect(second.headers.get("Idempotent-Replayed")).toBe("true");
		expect(second.status).toBe(201);
		expect(await second.json()).toEqual(await first.json());
		expect(await buffered(channel)).toHaveLength(1);
		await stream.close();
	});

	it("lets one of two through that arrive at once", async () => {
		const channel = freshChannel();
		const headers = { "Idempotency-Key": "k" };
		const answers = await Promise.all(Array.from({ length: 5 }, () => publish(channel, { data: 1 }, headers)));
		const bodies = await Promise.all(answers.map((answer) => answer.text()));
		expect(new Set(bodies).size).toBe(1);
		expect(answers.filter((answer) => answer.headers.get("Idempotent-Replayed") === null)).toHaveLength(1);
		expect(await buffered(channel)).toHaveLength(1);
	});

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

	it("refuses the same key with other events", async () => {
		const channel = freshChannel();
		const headers = { "Idempotency-Key": "k" };
		await publish(channel, { data: 1 }, headers);
		const response = await publish(channel, { data: 2 }, headers);
		expect(await problem(response)).toMatchObject({ status: 422, code: "idempotency_mismatch" });
	});

	it.each([
		["empty", ""],
		["too long", "k".repeat(129)],
		["not of visible ASCII", "a b"],
	])("refuses a key that is %s", async (_, key) => {
		const response = await publish(freshChannel(), { data: 1 }, { "Idempotency-Key": key });
		expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
	});
});

describe("If-Match", () => {
	it("lets a publish through only while the named event is the head", async () => {
		const channel = freshChannel();
		const [head] = await published(channel, { data: 1 });
		expect((await publish(channel, { data: 2 }, { "If-Match": `"${head}"` })).status).toBe(201);
		const late = await publish(channel, { data: 3 }, { "If-Match": `"${head}"` });
		expect(await problem(late)).toMatchObject({ status: 412, code: "head_moved" });
		expect(await buffered(channel)).toHaveLength(2);
	});

	it("lets one of many through that race for the same head", async () => {
		const channel = freshChannel();
		const [head] = await published(channel, { data: 0 });
		const answers = await Promise.all(
			Array.from({ length: 5 }, (_, index) => publish(channel, { data: index }, { "If-Match": `"${head}"` })),
		);
		expect(answers.map(({ status }) => status).sort()).toEqual([201, 412, 412, 412, 412]);
	});

	it.each(["*", "abc", '"abc"', 'W/"1"', '"1", "2"'])("refuses %s, which is no id in quotes", async (value) => {
		const response = await publish(freshChannel(), { data: 1 }, { "If-Match": value });
		expect(await problem(response)).toMatchObject({ status: 400, code: "invalid_request" });
	});
});

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
		expect(await problem(response)).toMatchObject({ status, code, detail: expect.stringMatching(/.{15,}/) });
		expect(await buffered(channel)).toEqual([]);
	});

	it("no content type", async () => {
		const response = await send(freshChannel(), undefined, new TextEncoder().encode('{"data":1}'));
		expect(await problem(response)).toMatchObject({ status: 415, code: "unsupported_media_type" });
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
