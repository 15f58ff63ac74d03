import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Frame, readFrames } from "../../src/client/frames.ts";
import { parseFrames } from "../support/sse.ts";

/** The frames that each piece of a stream ends. */
async function piecesOf(body: ReadableStream<Uint8Array>): Promise<Frame[][]> {
	const pieces: Frame[][] = [];
	for await (const frames of readFrames(body)) pieces.push(frames);
	return pieces;
}

function streamOf(chunks: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
	return new ReadableStream<Uint8Array>({
		start: (controller) => {
			for (const chunk of chunks) controller.enqueue(chunk);
			controller.close();
		},
	});
}

const framesOf = async (chunks: Iterable<Uint8Array>) => (await piecesOf(streamOf(chunks))).flat();
const framesIn = (text: string) => framesOf([new TextEncoder().encode(text)]);

/** Bytes, cut at these places. */
function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
	const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
	return places.slice(1).map((end, index) => bytes.slice(places[index], end));
}

describe("the frames of a stream", () => {
	it("have the fields that stand before an empty line", async () => {
		expect(await framesIn('retry: 2000\nevent: order\nid: 7\ndata: {"id":1}\n\n')).toEqual([
			{ retry: 2000, event: "order", id: "7", data: '{"id":1}' },
		]);
	});

	it("have data of several lines, with whatever stands in them", async () => {
		expect(await framesIn("data: a\ndata:  b: c \ndata:\ndata: \u2028d\n\n")).toEqual([
			{ data: "a\n b: c \n\n\u2028d" },
		]);
	});

	it("may have an id and no data", async () => {
		expect(await framesIn("id: 8\n:\n\n")).toEqual([{ id: "8" }]);
	});

	it("are none where there is nothing but comments, with an empty line or without, but each shows that there is life", async () => {
		const beats = [":\n\n", ":\n", ":", "\n"].map((text) => new TextEncoder().encode(text));
		expect(await piecesOf(streamOf(beats))).toEqual([[], [], [], []]);
	});

	it("end with a line feed, a carriage return or both, and have fields without a colon or a value", async () => {
		expect(await framesIn("data: a\r\ndata\rid:1\n\r\nevent\ndata:b\r\rid\n\n")).toEqual([
			{ data: "a\n", id: "1" },
			{ event: "", data: "b" },
			{ id: "" },
		]);
	});

	it("have no fields that the standard ignores", async () => {
		expect(await framesIn("id: a\0b\nretry: 1e3\nretry: -1\nretry:\nData: x\n data: y\nother: z\n\n")).toEqual([]);
	});

	it("are only those that came to their end", async () => {
		expect(await framesIn("data: whole\n\ndata: half")).toEqual([{ data: "whole" }]);
	});

	it("are the same wherever the network cuts the stream, in any two places", async () => {
		const text = '\ufeffid: 1\r\ndata: {"a":"é😀"}\r\n\r\n:\n\nevent: gap\ndata: x\rdata: y\n\n';
		const bytes = new TextEncoder().encode(text);
		const whole = await framesIn(text);
		expect(whole).toEqual([
			{ id: "1", data: '{"a":"é😀"}' },
			{ event: "gap", data: "x\ny" },
		]);
		for (let first = 0; first <= bytes.length; first += 1) {
			for (let second = first; second <= bytes.length; second += 1) {
				expect(await framesOf(cut(bytes, [first, second]))).toEqual(whole);
			}
		}
	});

	it("keep a byte order mark where it is data, also at the start of a piece, and lose the one at the start of the stream", async () => {
		const bytes = new TextEncoder().encode("\ufeffdata: a\ndata:\ufeffb\n\n");
		for (let place = 0; place <= bytes.length; place += 1) {
			expect(await framesOf(cut(bytes, [place]))).toEqual([{ data: "a\n\ufeffb" }]);
		}
	});

	it("are those that eventsource-parser finds, whatever the bytes are, and wherever they are cut", async () => {
		const line = fc.oneof(
			fc.constantFrom("", ":", ": beat", "data", "data:", "data:  x", "id", "id: 7", "id:\0", "event", "event: gap"),
			fc.constantFrom("retry: 1", "retry: x", "retry:", "\ufeffdata: x", " data: x", "Data: x", "data : x", "idle: 1"),
			fc
				.tuple(fc.constantFrom("data", "id", "event", "retry", "x", ""), fc.constantFrom(":", ": ", ""), fc.string())
				.map((parts) => parts.join("")),
			fc.string({ unit: "binary" }),
		);
		const end = fc.constantFrom("\n", "\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n", "\n\r");
		// The library tells of `retry` before its frame has ended: here, all have.
		const stream = fc
			.tuple(fc.constantFrom("", "\ufeff", "\ufeff\ufeff"), fc.array(fc.tuple(line, end), { maxLength: 12 }))
			.map(([start, lines]) => new TextEncoder().encode(`${start}${lines.flat().join("")}\n\n`));
		await fc.assert(
			fc.asyncProperty(stream, fc.array(fc.nat(400), { maxLength: 8 }), async (bytes, cuts) => {
				const chunks = cut(
					bytes,
					cuts.map((place) => Math.min(place, bytes.length)),
				);
				const frames = await framesOf(chunks);
				expect(told(frames)).toEqual(toldByLibrary(bytes));
			}),
			{ numRuns: 1000 },
		);
	});

	it.each(["data: ", ": ", "id: ", ""])("fail at one that does not end: %j", async (start) => {
		const megabyte = new TextEncoder().encode("x".repeat(1_000_000));
		const body = streamOf([new TextEncoder().encode(start), ...Array.from({ length: 5 }, () => megabyte)]);
		await expect(piecesOf(body)).rejects.toThrow("that is too long");
		const lines = new TextEncoder().encode(`data: ${"x".repeat(99_994)}\n`.repeat(10));
		await expect(piecesOf(streamOf(Array.from({ length: 5 }, () => lines)))).rejects.toThrow("that is too long");
	});

	it("end the stream when they are wanted no more", async () => {
		let isCancelled = false;
		const body = new ReadableStream<Uint8Array>({
			pull: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
			cancel: () => {
				isCancelled = true;
			},
		});
		for await (const _ of readFrames(body)) break;
		expect(isCancelled).toBe(true);
	});

	it("fail as the stream fails", async () => {
		const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error("cut")) });
		await expect(piecesOf(body)).rejects.toThrow("cut");
	});
});

/** What a client hears: events, ids and reconnection times. */
function told(frames: readonly Frame[]) {
	return {
		events: frames.flatMap(({ id, event, data }) =>
			data === undefined ? [] : [{ id, event: event || undefined, data }],
		),
		ids: frames.flatMap(({ id }) => id ?? []),
		retry: frames.flatMap(({ retry }) => retry ?? []).at(-1),
	};
}

function toldByLibrary(bytes: Uint8Array): ReturnType<typeof told> {
	// It strips a byte order mark itself.
	const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
	const { events, ids, retries } = parseFrames(text);
	return { events: events.map(({ id, event, data }) => ({ id, event, data })), ids, retry: retries.at(-1) };
}
