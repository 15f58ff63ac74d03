import { describe, expect, it } from "vitest";
import { LiveBody } from "../../../src/channel/live/live-body.ts";
import { Unfinished } from "../../../src/channel/live/unfinished.ts";
import { Unanswered } from "../../../src/channel/unanswered.ts";
import { Problem } from "../../../src/errors.ts";
import type { PublishOutcome } from "../../../src/wire/calls.ts";

/** A body of the same frame without end, and how many bytes of it were read. */
function endless(frame: string, together: number) {
	const chunk = new TextEncoder().encode(frame.repeat(together));
	const read = { bytes: 0 };
	const body = new ReadableStream<Uint8Array>(
		{
			pull: (controller) => {
				read.bytes += chunk.byteLength;
				controller.enqueue(chunk);
			},
		},
		{ highWaterMark: 0 },
	);
	return { body, read };
}

describe("a body that is faster than its events are stored", () => {
	it.each([
		["tiny events", "data:\n\n", 2000, 40_000],
		["large events", `data: ${"x".repeat(60_000)}\n\n`, 1, 1_200_000],
		["events as large as they may be, in one chunk", `data: ${"x".repeat(65_000)}\n\n`, 40, 2_700_000],
	])("is read no further than what may wait: %s", async (_, frame, together, most) => {
		const { body, read } = endless(frame, together);
		const release = Promise.withResolvers<void>();
		let stored = 0;
		const publish = async ({ events }: { events: { data: string }[] }): Promise<PublishOutcome> => {
			await release.promise;
			stored += events.length;
			return { ok: true, receipt: { channel: "c", ids: events.map(String), subscribers: 0 }, replayed: false };
		};
		const all = new Unanswered({ messages: 1_000_000, characters: 1_000_000_000 });
		const live = new LiveBody({
			type: "text/event-stream",
			body,
			maxEventBytes: 65_536,
			end: undefined,
			unfinished: new Unfinished(),
			writer: { publish, linger: 0, ifHead: undefined, all, stored: () => undefined },
		});
		const finished = live.run(undefined).catch((error: unknown) => error);
		let before = -1;
		while (read.bytes > before) {
			before = read.bytes;
			await scheduler.wait(20);
		}
		expect(read.bytes).toBeLessThanOrEqual(most);
		expect(stored).toBe(0);
		release.resolve();
		await expect.poll(() => stored).toBeGreaterThan(1);
		live.stop(new Problem("invalid_token", "stops"));
		expect(await finished).toMatchObject({ code: "invalid_token", stored: expect.any(Number) });
	});
});
