import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Frame, readFrames } from "../../src/client/frames.ts";

async function framesOf(chunks: Iterable<Uint8Array>): Promise<Frame[]> {
	const body = new ReadableStream<Uint8Array>({
		start: (controller) => {
			for (const chunk of chunks) controller.enqueue(chunk);
			controller.close();
		},
	});
	return await readAll(body);
}

/** The whole stream, without `Array.fromAsync`, which Node 20 has not. */
async function readAll(body: ReadableStream<Uint8Array>): Promise<Frame[]> {
	const frames: Frame[] = [];
	for await (const frame of readFrames(body)) frames.push(frame);
	return frames;
}

const framesIn = (text: string) => framesOf([new TextEncoder().encode(text)]);

describe("the frames of a stream", () => {
	it("have the fields that stand before an empty line", async () => {
		expect(await framesIn('retry: 2000\nevent: order\nid: 7\ndata: {"id":1}\n\n')).toEqual([
			{ retry: "2000", event: "order", id: "7", data: '{"id":1}' },
		]);
	});

	it("have data of several lines, with whatever stands in them", async () => {
		expect(await framesIn("data: a\ndata:  b: c \ndata:\ndata: \u2028d\n\n")).toEqual([
			{ data: "a\n b: c \n\n\u2028d" },
		]);
	});

	it("have no fields where a comment stands between them, which tells that the connection is alive", async () => {
		expect(await framesIn(":\n:\nid: 8\ndata: {}\n\n:\n")).toEqual([{}, {}, { id: "8", data: "{}" }, {}]);
	});

	it("are only those that came to their end", async () => {
		expect(await framesIn("data: whole\n\ndata: half")).toEqual([{ data: "whole" }]);
	});

	it("are the same wherever the network cuts the stream", async () => {
		const text = 'id: 1\ndata: {"a":"é😀"}\n\n:\nevent: gap\ndata: x\ndata: y\n\n';
		const bytes = new TextEncoder().encode(text);
		const whole = await framesIn(text);
		await fc.assert(
			fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 8 }), async (cuts) => {
				const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
				const chunks = places.slice(1).map((end, index) => bytes.slice(places[index], end));
				expect(await framesOf(chunks)).toEqual(whole);
			}),
		);
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
		await expect(readAll(body)).rejects.toThrow("cut");
	});
});
