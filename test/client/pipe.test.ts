import { afterEach, describe, expect, it, vi } from "vitest";
import { createPublisher, type EventInput, type Pipeable, type PipeOptions } from "../../src/client/publish.ts";

const KEY = "a-publish-key-0123456789abcdef0123456789";
const RECEIPT = { channel: "chat:1", first: "1", last: "2", events: 2, subscribers: 0 };

interface Sent {
	url: string;
	method: string;
	headers: Headers;
	body: ReadableStream<Uint8Array>;
	signal: AbortSignal;
}

type Service = (sent: Sent) => Response | Promise<Response>;

afterEach(() => {
	vi.unstubAllGlobals();
});

/** Publishes to a service that the test plays. It gives these answers, the last again and again. */
function pipe(stream: Pipeable, options: PipeOptions = {}, ...services: Service[]) {
	const asked: Sent[] = [];
	vi.stubGlobal("fetch", async (url: URL, init: Omit<Sent, "url">) => {
		const service = services[Math.min(asked.length, services.length - 1)] ?? stored;
		asked.push({ ...init, url: url.href });
		return await service({ ...init, url: url.href });
	});
	const publisher = createPublisher({ url: "https://events.example.com/sse?a=1", key: KEY });
	const receipt = publisher.pipe("chat:1", stream, options);
	return { asked, receipt };
}

/** Reads a body to its end, and answers with a receipt. */
async function stored({ body }: Sent): Promise<Response> {
	await textOf(body);
	return Response.json(RECEIPT, { status: 201 });
}

const refused =
	(status: number, more: object = {}): Service =>
	() =>
		Response.json(
			{ code: "some_code", detail: "No.", ...more },
			{ status, headers: { "Content-Type": "application/problem+json", "Retry-After": "0" } },
		);

const lost: Service = () => Promise.reject(new TypeError("fetch failed"));

async function textOf(body: ReadableStream<Uint8Array>): Promise<string> {
	return await new Response(body).text();
}

/** Texts as a stream of bytes, in pieces. */
function bytes(...texts: string[]): ReadableStream<Uint8Array> {
	return streamOf(texts.map((text) => new TextEncoder().encode(text)));
}

/** A stream of anything, whose pieces are made when they are asked for. */
function streamOf<Piece>(pieces: Iterable<Piece> | AsyncIterable<Piece>): ReadableStream<Piece> {
	const iterator = (async function* () {
		yield* pieces;
	})();
	return new ReadableStream(
		{
			pull: async (controller) => {
				const { done, value } = await iterator.next();
				if (done) controller.close();
				else controller.enqueue(value);
			},
		},
		{ highWaterMark: 0 },
	);
}

async function* eventsOf(...events: EventInput[]): AsyncGenerator<EventInput> {
	yield* events;
}

/** A service that keeps the texts of the bodies that it was sent. */
function reader(): { texts: string[]; read: Service } {
	const texts: string[] = [];
	const read = async ({ body }: Sent) => {
		texts.push(await textOf(body));
		return Response.json(RECEIPT, { status: 201 });
	};
	return { texts, read };
}

describe("a publish from a stream", () => {
	it("is one request, with the options in its query, and resolves with the receipt", async () => {
		const { read, texts } = reader();
		const options = { end: true, lease: 30, linger: 20, idempotencyKey: "answer-7" };
		const { asked, receipt } = pipe(bytes("data: a\n\nda", "ta: b\n\n"), options, read);
		expect(await receipt).toEqual(RECEIPT);
		expect(texts).toEqual(["data: a\n\ndata: b\n\n"]);
		expect(asked).toHaveLength(1);
		expect(asked[0]).toMatchObject({
			url: "https://events.example.com/sse/channels/chat%3A1/events?a=1&live=1&end=1&lease=30&linger=20",
			method: "POST",
			duplex: "half",
		});
		expect(Object.fromEntries(asked[0]?.headers ?? [])).toEqual({
			authorization: `Bearer ${KEY}`,
			"content-type": "text/event-stream",
			"idempotency-key": "answer-7",
		});
	});

	it("says nothing that it was not asked to say", async () => {
		const { asked, receipt } = pipe(bytes("data: a\n\n"), { end: false });
		await receipt;
		expect(asked[0]?.url).toMatch(/\?a=1&live=1$/);
		expect(asked[0]?.headers.has("Idempotency-Key")).toBe(false);
	});

	it.each<[string, () => Pipeable]>([
		["a generator", () => eventsOf({ type: "token", data: "a\nb" }, { data: { at: new Date(0) } })],
		["a stream", () => streamOf(eventsOf({ type: "token", data: "a\nb" }, { data: { at: new Date(0) } }))],
	])("sends events a line each: %s", async (_, stream) => {
		const { read, texts } = reader();
		const { asked, receipt } = pipe(stream(), {}, read);
		await receipt;
		expect(texts).toEqual(['{"type":"token","data":"a\\nb"}\n{"data":{"at":"1970-01-01T00:00:00.000Z"}}\n']);
		expect(asked[0]?.headers.get("Content-Type")).toBe("application/x-ndjson");
	});

	it("sends bytes as what they are said to be, also from an iterable", async () => {
		async function* lines() {
			yield new TextEncoder().encode('{"data":1}\n');
		}
		const { read, texts } = reader();
		const { asked, receipt } = pipe(lines(), { contentType: "application/x-ndjson" }, read);
		await receipt;
		expect(texts).toEqual(['{"data":1}\n']);
		expect(asked[0]?.headers.get("Content-Type")).toBe("application/x-ndjson");
	});

	it("takes an empty stream, which can end a channel", async () => {
		const empty = { ...RECEIPT, first: null, last: null, events: 0 };
		const { asked, receipt } = pipe(eventsOf(), { end: true }, () => Response.json(empty, { status: 201 }));
		expect(await receipt).toEqual(empty);
		expect(asked[0]?.url).toContain("end=1");
	});

	it("begins before a body has anything to say, so that its lease runs", async () => {
		const { asked, receipt } = pipe(new Response(new ReadableStream({ type: "bytes" })).body as Pipeable, {}, () =>
			Response.json(RECEIPT, { status: 201 }),
		);
		await receipt;
		expect(asked).toHaveLength(1);
	});

	it("reads no further than the service does", async () => {
		let given = 0;
		async function* endless() {
			for (;;) {
				given += 1;
				yield { data: given };
			}
		}
		const { receipt } = pipe(endless(), {}, async ({ body }) => {
			const from = body.getReader();
			for (let piece = 0; piece < 3; piece += 1) await from.read();
			await new Promise((resolve) => setTimeout(resolve, 20));
			return Response.json(RECEIPT, { status: 201 });
		});
		await receipt;
		expect(given).toBe(3);
	});
});

describe("a publish from a stream that fails", () => {
	it("breaks the request off, and rejects with what the stream has thrown", async () => {
		async function* failing() {
			yield { data: 1 };
			throw new Error("The model is away.");
		}
		const { asked, receipt } = pipe(failing(), { end: true }, async ({ body, signal }) => {
			await expect(textOf(body)).rejects.toThrow("The model is away.");
			signal.throwIfAborted();
			return Response.json(RECEIPT, { status: 201 });
		});
		await expect(receipt).rejects.toThrow("The model is away.");
		expect(asked.map(({ signal }) => signal.aborted)).toEqual([true]);
	});

	it("sends nothing where a stream would be sent as a text, as in some browsers", async () => {
		vi.stubGlobal(
			"Request",
			class extends Request {
				constructor(url: string | URL, { body, ...init }: RequestInit) {
					super(url, { ...init, body: `${body}` });
				}
			},
		);
		const { asked, receipt } = pipe(eventsOf({ data: 1 }));
		await expect(receipt).rejects.toThrow("This browser cannot send a stream.");
		expect(asked).toEqual([]);
	});

	it("sends nothing where it fails before it has begun", async () => {
		const failing = streamOf(
			(async function* () {
				yield* [];
				throw new Error("The model is away.");
			})(),
		) as ReadableStream<EventInput>;
		const { asked, receipt } = pipe(failing);
		await expect(receipt).rejects.toThrow("The model is away.");
		expect(asked).toEqual([]);
	});

	it.each<[string, unknown[], string]>([
		["an event that JSON cannot hold", [{ data: new Map() }], "`data` is an instance of Map"],
		["a text", ["data: a\n\n"], "TextEncoderStream"],
		["an event after bytes", [new Uint8Array([10]), { data: 1 }], "bytes came before"],
	])("is broken off where it has %s", async (_, pieces, message) => {
		const { receipt } = pipe(streamOf(pieces) as Pipeable);
		await expect(receipt).rejects.toBeInstanceOf(TypeError);
		await expect(receipt).rejects.toThrow(message);
	});
});

describe("a publish from a stream that is refused or lost", () => {
	it("says how many events are stored, and reads the stream no further", async () => {
		const cancelled = vi.fn();
		const stream = new ReadableStream<EventInput>({
			pull: (controller) => controller.enqueue({ data: 1 }),
			cancel: cancelled,
		});
		const { asked, receipt } = pipe(stream, { idempotencyKey: "k" }, async (sent) => {
			await sent.body.getReader().read();
			return await refused(503, { stored: 7 })(sent);
		});
		await expect(receipt).rejects.toMatchObject({ name: "TidingsError", status: 503, code: "some_code", stored: 7 });
		expect(cancelled).toHaveBeenCalledOnce();
		expect(asked).toHaveLength(1);
	});

	it("is tried again while nothing was taken from the stream", async () => {
		const { read, texts } = reader();
		const { asked, receipt } = pipe(eventsOf({ data: 1 }), {}, lost, refused(503), read);
		expect(await receipt).toEqual(RECEIPT);
		expect(asked).toHaveLength(3);
		expect(texts).toEqual(['{"data":1}\n']);
	});

	it("is not tried again once a piece was sent, which nobody has any more", async () => {
		const { asked, receipt } = pipe(eventsOf({ data: 1 }), { idempotencyKey: "k" }, async (sent) => {
			await sent.body.getReader().read();
			return await lost(sent);
		});
		await expect(receipt).rejects.toThrow(new TypeError("fetch failed"));
		expect(asked).toHaveLength(1);
	});

	it.each<[string, number, object]>([
		["another channel", 201, { ...RECEIPT, channel: "chat:2" }],
		["another status", 200, RECEIPT],
		["a publish of a batch", 201, { channel: "chat:1", ids: ["1"], subscribers: 0 }],
		["events without ids", 201, { ...RECEIPT, first: null }],
		["nobody", 201, {}],
	])("takes no receipt for its own that is of %s", async (_, status, told) => {
		const { receipt } = pipe(eventsOf({ data: 1 }), {}, async ({ body }) => {
			await textOf(body);
			return Response.json(told, { status });
		});
		await expect(receipt).rejects.toMatchObject({ name: "TidingsError", code: undefined });
	});

	it("gives up when it is told to, also while the stream has nothing to say", async () => {
		const abort = new AbortController();
		const silent = new ReadableStream<EventInput>({ cancel: () => {} });
		const { asked, receipt } = pipe(silent, { signal: abort.signal });
		abort.abort(new Error("never mind"));
		await expect(receipt).rejects.toThrow("never mind");
		await expect(pipe(silent, { signal: abort.signal }).receipt).rejects.toThrow("never mind");
		expect(asked).toEqual([]);
	});

	it("is broken off in the middle when it is told to", async () => {
		const abort = new AbortController();
		const { receipt } = pipe(eventsOf({ data: 1 }), { signal: abort.signal }, async ({ body, signal }) => {
			await body.getReader().read();
			abort.abort(new Error("never mind"));
			signal.throwIfAborted();
			return Response.json(RECEIPT, { status: 201 });
		});
		await expect(receipt).rejects.toThrow("never mind");
	});

	it.each<[PipeOptions, string]>([
		[{ lease: 0 }, "`lease` must be a whole number of seconds from 1 to 3600."],
		[{ lease: 3601 }, "`lease`"],
		[{ lease: 0.5 }, "`lease`"],
		[{ linger: -1 }, "`linger` must be a whole number of milliseconds from 0 to 1000."],
		[{ linger: 1001 }, "`linger`"],
		[{ idempotencyKey: "a\nb" }, ""],
	])("is refused at once with %j", async (options, message) => {
		const { asked, receipt } = pipe(eventsOf({ data: 1 }), options);
		await expect(receipt).rejects.toBeInstanceOf(TypeError);
		await expect(receipt).rejects.toThrow(message);
		expect(asked).toEqual([]);
	});
});
