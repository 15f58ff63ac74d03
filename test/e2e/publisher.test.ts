import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../src/client/connect.ts";
import { createPublisher, TidingsError } from "../../src/client/publish.ts";
import { type Answer, answer, startDouble, stream } from "./support/double.ts";
import { PUBLISH_KEY, type Service, startService, ticketOf } from "./support/servers.ts";

const RECEIPT = { channel: "orders", ids: ["1"], subscribers: 0 };

let service: Service;

beforeAll(async () => {
	service = await startService();
});

afterAll(() => service.stop());

const STORED = answer(201, {}, RECEIPT);

function refused(status: number, headers: Record<string, string> = {}): Answer {
	return answer(status, { "Content-Type": "application/problem+json", ...headers }, { code: "some_code" });
}

/** A publisher to something that gives these answers; and what that was asked. */
async function double(...answers: Answer[]) {
	const { url, asked } = await startDouble(...answers);
	return { asked, publisher: createPublisher({ url, key: PUBLISH_KEY }) };
}

async function buffered(channel: string): Promise<unknown[]> {
	const headers = { Authorization: `Bearer ${PUBLISH_KEY}` };
	return (await (await fetch(`${service.url}/channels/${channel}/events`, { headers })).json()) as unknown[];
}

describe("a publisher", () => {
	it("publishes an event, or a batch, to a channel", async () => {
		const publisher = createPublisher({ url: `${service.url}/`, key: PUBLISH_KEY });
		const one = await publisher.publish("orders", { type: "paid", data: { id: 7 } });
		expect(one).toEqual({ channel: "orders", ids: [expect.stringMatching(/^\d+$/)], subscribers: 0 });
		const { ids } = await publisher.publish("orders", [{ data: "a" }, { data: "b" }]);
		expect(await buffered("orders")).toMatchObject([{ id: one.ids[0], type: "paid" }, { id: ids[0] }, { id: ids[1] }]);
	});

	it("publishes to a user, whatever the subject is made of", async () => {
		const publisher = createPublisher({ url: new URL(service.url), key: PUBLISH_KEY });
		const { channel } = await publisher.publishToUser("auth0|a/b", { data: "Yours." });
		expect(channel).toBe("user:auth0~7Ca~2Fb");
	});

	it("stores nothing twice under one key, and nothing at all past another's event", async () => {
		const publisher = createPublisher({ url: service.url, key: PUBLISH_KEY });
		const first = await publisher.publish("once", { data: 1 }, { idempotencyKey: "order-7" });
		expect(await publisher.publish("once", { data: 1 }, { idempotencyKey: "order-7" })).toEqual(first);
		expect(await buffered("once")).toHaveLength(1);
		await publisher.publish("once", { data: 2 }, { ifHead: first.ids[0] ?? "" });
		const late = publisher.publish("once", { data: 3 }, { ifHead: first.ids[0] ?? "" });
		await expect(late).rejects.toMatchObject({ status: 412, code: "head_moved" });
	});

	it("says what the service says of a refusal, and does not try again", async () => {
		const { publisher, asked } = await double(refused(403));
		await expect(publisher.publish("orders", { data: 1 })).rejects.toBeInstanceOf(TidingsError);
		expect(asked).toHaveLength(1);
		const stranger = createPublisher({ url: service.url, key: "not-a-key-of-this-service-0123456789" });
		await expect(stranger.publish("orders", { data: 1 })).rejects.toMatchObject({ status: 401, code: "invalid_token" });
	});

	it("tries again when the service is busy, and it is the same publish", async () => {
		const { publisher, asked } = await double(refused(503), refused(500), STORED);
		expect(await publisher.publish("orders", { data: 1 })).toEqual(RECEIPT);
		expect(asked).toHaveLength(3);
		expect(new Set(asked.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
		await publisher.publish("orders", { data: 2 });
		expect(asked.at(-1)?.headers["idempotency-key"]).not.toBe(asked[0]?.headers["idempotency-key"]);
	});

	it("waits as long as it is asked to", async () => {
		const { publisher } = await double(refused(429, { "Retry-After": "1" }), STORED);
		const startedAt = Date.now();
		await publisher.publish("orders", { data: 1 });
		expect(Date.now() - startedAt).toBeGreaterThanOrEqual(990);
	});

	it("gives up after five attempts, and at once where it would have to wait for long", async () => {
		const down = await double(refused(503));
		await expect(down.publisher.publish("orders", { data: 1 })).rejects.toMatchObject({ status: 503 });
		expect(down.asked).toHaveLength(5);
		const inAYear = new Date(Date.now() + 31_536_000_000).toUTCString();
		for (const value of ["31", "3600", "2592000", inAYear]) {
			const closed = await double(refused(503, { "Retry-After": value }));
			const publish = closed.publisher.publish("orders", { data: 1 });
			await expect(publish).rejects.toMatchObject({ retryAfter: Math.min(Number(value) || 3600, 3600) * 1000 });
			expect(closed.asked).toHaveLength(1);
		}
	});

	it("gives up when it is told to, also while it waits", async () => {
		const { publisher } = await double(refused(503, { "Retry-After": "20" }));
		const abort = new AbortController();
		const publish = publisher.publish("orders", { data: 1 }, { signal: abort.signal });
		setTimeout(() => abort.abort(new Error("never mind")), 200);
		await expect(publish).rejects.toThrow("never mind");
		await expect(publisher.publish("orders", { data: 1 }, { signal: abort.signal })).rejects.toThrow("never mind");
	});

	it("says that the service cannot be reached", async () => {
		const publisher = createPublisher({ url: "http://127.0.0.1:9", key: PUBLISH_KEY });
		await expect(publisher.publish("orders", { data: 1 })).rejects.toBeInstanceOf(TypeError);
	});

	it("takes nothing for a receipt that is none, tries again under the same key, and says that it is not tidings'", async () => {
		const html = { "Content-Type": "text/html" };
		const foreign: Record<string, Answer> = {
			"an empty list": answer(200, {}, []),
			"an empty object": answer(200, {}, {}),
			"an empty object that was created": answer(201, {}, {}),
			"a list that was created": answer(201, {}, [RECEIPT]),
			"a page": answer(200, html, "<h1>Log in</h1>"),
			"a page that was created": answer(201, html, "<h1>Log in</h1>"),
			"nothing at all": answer(204, {}),
			"half a receipt": answer(201, {}, '{"channel":"orders","ids":["1'),
			"a receipt with another status": answer(200, {}, RECEIPT),
			"a receipt that was accepted": answer(202, {}, RECEIPT),
			"a receipt of another channel": answer(201, {}, { ...RECEIPT, channel: "others" }),
			"a receipt without ids": answer(201, {}, { ...RECEIPT, ids: [] }),
			"a receipt of more events": answer(201, {}, { ...RECEIPT, ids: ["1", "2"] }),
			"a receipt whose ids are numbers": answer(201, {}, { ...RECEIPT, ids: [1] }),
			"a receipt whose ids are a text": answer(201, {}, { ...RECEIPT, ids: "1" }),
			"a receipt without a count": answer(201, {}, { ...RECEIPT, subscribers: undefined }),
			"a receipt of a megabyte": answer(201, {}, { ...RECEIPT, note: "x".repeat(1_000_000) }),
			"a page that forbids": answer(403, html, "<h1>Blocked</h1>"),
			"a broken problem": answer(403, { "Content-Type": "application/problem+json" }, "<h1>Blocked</h1>"),
		};
		await Promise.all(
			Object.entries(foreign).map(async ([name, each]) => {
				const { publisher, asked } = await double(each);
				const error = await publisher.publish("orders", { data: 1 }).catch((error: unknown) => error);
				expect(error, name).toBeInstanceOf(TidingsError);
				expect(error, name).toMatchObject({ code: undefined, isTemporary: true });
				expect(
					asked.map(({ method }) => method),
					name,
				).toEqual(Array(5).fill("POST"));
				expect(new Set(asked.map(({ headers }) => headers["idempotency-key"])).size, name).toBe(1);
			}),
		);
	});

	it.each([301, 302, 303, 307, 308])(
		"follows no redirect, which would store nothing and lead the key elsewhere: %i",
		async (status) => {
			const elsewhere = await startDouble(STORED);
			const { publisher, asked } = await double(answer(status, { Location: `${elsewhere.url}/x` }), STORED);
			expect(await publisher.publish("orders", { data: 1 })).toEqual(RECEIPT);
			expect(asked.map(({ method }) => method)).toEqual(["POST", "POST"]);
			expect(elsewhere.asked).toEqual([]);
		},
	);

	it("takes receipts of batches and of users", async () => {
		const two = await double(answer(201, {}, { ...RECEIPT, ids: ["1", "2"] }));
		expect((await two.publisher.publish("orders", [{ data: 1 }, { data: 2 }])).ids).toEqual(["1", "2"]);
		const user = await double(STORED, answer(201, {}, { ...RECEIPT, channel: "user:alice" }));
		expect((await user.publisher.publishToUser("alice", { data: 1 })).channel).toBe("user:alice");
		expect(user.asked).toHaveLength(2);
	});

	it("goes below the path of its URL, with the query of its URL", async () => {
		const { url, asked } = await startDouble(STORED);
		for (const path of ["/sse", "/sse/", "/sse?tenant=1#x"]) {
			await createPublisher({ url: url + path, key: PUBLISH_KEY }).publish("orders", { data: 1 });
		}
		expect(asked.map(({ url: path }) => path)).toEqual([
			"/sse/channels/orders/events",
			"/sse/channels/orders/events",
			"/sse/channels/orders/events?tenant=1",
		]);
	});

	it("refuses at once a URL that no request can go to, and what can be no header", async () => {
		for (const url of ["/sse", "localhost:8787", ""]) {
			expect(() => createPublisher({ url, key: PUBLISH_KEY })).toThrow(TypeError);
		}
		const { publisher, asked } = await double(STORED);
		await expect(publisher.publish("orders", { data: 1 }, { idempotencyKey: "a\nb" })).rejects.toBeInstanceOf(
			TypeError,
		);
		await expect(publisher.publish("\ud800", { data: 1 })).rejects.toBeInstanceOf(URIError);
		expect(asked).toEqual([]);
	});
});

describe("a publish from a stream", () => {
	const publisher = () => createPublisher({ url: service.url, key: PUBLISH_KEY });
	const hasEnded = async (channel: string) => {
		const headers = { Authorization: `Bearer ${PUBLISH_KEY}` };
		return ((await (await fetch(`${service.url}/channels/${channel}`, { headers })).json()) as { ended: boolean })
			.ended;
	};

	it("shows each event before the next one is there, and ends the channel with the last", async () => {
		const connection = connect({
			url: service.url,
			channels: ["answer:1"],
			getTicket: () => ticketOf(service, PUBLISH_KEY, { user: "alice", channels: ["answer:1"] }),
			rewind: "all",
		});
		const reader = connection[Symbol.asyncIterator]();
		async function* answer() {
			for (const word of ["It ", "depends", "."]) {
				yield { type: "token", data: word };
				expect(await reader.next()).toMatchObject({ value: { type: "token", data: word } });
			}
		}
		const receipt = await publisher().pipe("answer:1", answer(), { end: true });
		expect(await reader.next()).toEqual({ done: true, value: undefined });
		const events = (await buffered("answer:1")) as { id: string }[];
		expect(receipt).toEqual({
			channel: "answer:1",
			first: events[0]?.id,
			last: events[2]?.id,
			events: 3,
			subscribers: expect.any(Number),
		});
	});

	it("passes the body of another response on", async () => {
		const model = await startDouble((response, request) => {
			stream("data: a\n\nda")(response, request);
			response.end("ta: [DONE]\n\n");
		});
		const { body } = await fetch(model.url);
		if (!body) throw new Error("There is no body.");
		expect(await publisher().pipe("answer:2", body, { end: true })).toMatchObject({ events: 2 });
		expect(await buffered("answer:2")).toMatchObject([{ data: "a" }, { data: "[DONE]" }]);
		await expect(publisher().pipe("answer:2", new Blob(["data: b\n\n"]).stream())).rejects.toMatchObject({
			status: 409,
			code: "channel_ended",
		});
	});

	it("keeps what has come before the stream failed or was given up, and does not end the channel", async () => {
		const abort = new AbortController();
		async function* failing(channel: string, fail: () => void) {
			yield { data: 1 };
			await expect.poll(() => buffered(channel)).toHaveLength(1);
			fail();
			yield { data: 2 };
		}
		const away = failing("answer:3", () => {
			throw new Error("The model is away.");
		});
		await expect(publisher().pipe("answer:3", away, { end: true })).rejects.toThrow("The model is away.");
		const stopped = failing("answer:4", () => abort.abort(new Error("never mind")));
		const options = { end: true, signal: abort.signal };
		await expect(publisher().pipe("answer:4", stopped, options)).rejects.toThrow("never mind");
		// It takes the service a moment to see that the connection is gone.
		await new Promise((resolve) => setTimeout(resolve, 200));
		for (const channel of ["answer:3", "answer:4"])
			expect([(await buffered(channel)).length, await hasEnded(channel)]).toEqual([1, false]);
	});

	it("goes on where it was cut when the same events are sent again under the same key", async () => {
		const cut = async function* () {
			yield { data: 1 };
			await expect.poll(() => buffered("answer:6")).toHaveLength(1);
			throw new Error("cut");
		};
		const whole = async function* () {
			for (const data of [1, 2, 3]) yield { data };
		};
		const options = { end: true, lease: 60, idempotencyKey: "answer-6" };
		await expect(publisher().pipe("answer:6", cut(), options)).rejects.toThrow("cut");
		const receipt = await publisher().pipe("answer:6", whole(), options);
		expect(receipt).toMatchObject({ events: 3 });
		expect(await buffered("answer:6")).toMatchObject([{ id: receipt.first, data: 1 }, { data: 2 }, { data: 3 }]);
		expect(await publisher().pipe("answer:6", whole(), options)).toMatchObject({ first: receipt.first, events: 3 });
		expect(await hasEnded("answer:6")).toBe(true);
	});

	it("is told which event was refused while it still has some to send", async () => {
		let isCancelled = false;
		async function* endless() {
			try {
				yield { data: 1 };
				yield { type: "gap", data: 2 };
				for (;;) {
					yield { data: "x".repeat(1000) };
					await new Promise((resolve) => setTimeout(resolve, 100));
				}
			} finally {
				isCancelled = true;
			}
		}
		const refused = publisher().pipe("answer:5", endless(), { end: true });
		await expect(refused).rejects.toMatchObject({
			code: "invalid_event",
			stored: 1,
			message: expect.stringMatching(/2/),
		});
		await expect.poll(() => isCancelled).toBe(true);
		expect(await hasEnded("answer:5")).toBe(false);
	});
});
