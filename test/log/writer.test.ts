import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Disk } from "../../src/log/disk.ts";
import { IdempotencyKeys } from "../../src/log/idempotency.ts";
import { Log } from "../../src/log/log.ts";
import { Writer } from "../../src/log/writer.ts";
import type { PublishOutcome, PublishRequest } from "../../src/wire/calls.ts";
import { newEvent } from "../support/events.ts";
import { freshChannel } from "../support/service.ts";

const DAY = 86_400_000;

interface Written {
	writer: Writer;
	log: Log;
	/** How often something was written down for good. */
	syncs: () => number;
	storage: DurableObjectStorage;
}

/** Runs a test on the writer of an empty log. */
function withWriter(test: (written: Written) => Promise<void>): Promise<void> {
	return runInDurableObject(env.CHANNEL.getByName(freshChannel()), async (_, { storage }) => {
		const log = new Log(storage, { events: 100, milliseconds: DAY });
		let syncs = 0;
		const sync = async () => {
			syncs += 1;
		};
		const disk = { sync } as unknown as Disk;
		const writer = new Writer({ channel: "orders", log, keys: new IdempotencyKeys(storage.sql), disk });
		await test({ writer, log, syncs: () => syncs, storage });
	});
}

function request(count: number, more: Partial<PublishRequest> = {}): PublishRequest {
	return { events: Array.from({ length: count }, () => newEvent({ data: "1" })), ...more };
}

const keyed = (key: string) => ({ idempotency: { key, digest: "d" } });

describe("a group of publishes", () => {
	it("is stored with contiguous offsets, in its order, and written down once", async () => {
		await withWriter(async ({ writer, log, syncs }) => {
			const { outcomes, stored } = await writer.write([request(1), request(2), request(1)], 3);
			const offsets = stored.map(({ offset }) => offset);
			expect(offsets.map((offset) => offset - log.start)).toEqual([1, 2, 3, 4]);
			const ids = offsets.map(String);
			expect(outcomes).toEqual(
				[ids.slice(0, 1), ids.slice(1, 3), ids.slice(3)].map((each) => ({
					ok: true,
					replayed: false,
					receipt: { channel: "orders", ids: each, subscribers: 3 },
				})),
			);
			expect(log.head).toBe(offsets[3]);
			expect(syncs()).toBe(1);
		});
	});

	it("repeats an answer that it gives itself, also in the first group ever", async () => {
		await withWriter(async ({ writer }) => {
			const { outcomes, stored } = await writer.write([request(2, keyed("a")), request(2, keyed("a"))], 0);
			expect(stored).toHaveLength(2);
			expect(outcomes[1]).toEqual({ ...outcomes[0], replayed: true });
		});
	});

	it("moves the head for those behind, also in the first group ever", async () => {
		await withWriter(async ({ writer, log }) => {
			const { outcomes } = await writer.write([request(1, { ifHead: "0" }), request(1, { ifHead: "0" })], 0);
			expect(outcomes).toMatchObject([{ ok: true }, { ok: false, code: "head_moved" }]);
			const ifHead = String(log.head);
			const later = await writer.write([request(2, { ifHead }), request(1, { ifHead: String(log.head + 2) })], 0);
			expect(later.outcomes).toMatchObject([{ ok: true }, { ok: true }]);
		});
	});

	it("writes nothing down if all of it is refused or repeated", async () => {
		await withWriter(async ({ writer, syncs }) => {
			await writer.write([request(1, keyed("a"))], 0);
			await writer.write([request(1, keyed("a")), request(1, { ifHead: "1" })], 0);
			expect(syncs()).toBe(1);
		});
	});

	it("goes through after one that was rolled back", async () => {
		await withWriter(async ({ writer, log }) => {
			const unstorable = { events: [newEvent({ type: null as unknown as string })], ...keyed("a") };
			await expect(writer.write([request(1, keyed("b")), unstorable], 0)).rejects.toThrow();
			expect(log.isBorn).toBe(false);
			const { outcomes } = await writer.write([request(1, keyed("b"))], 0);
			expect(outcomes).toMatchObject([{ ok: true, replayed: false }]);
		});
	});
});

describe("a publish that ends the channel", () => {
	const refused = { ok: false, code: "channel_ended", detail: expect.stringContaining("DELETE /channels/orders") };
	const codesOf = (outcomes: PublishOutcome[]) => outcomes.map((outcome) => (outcome.ok ? "ok" : outcome.code));

	it("is the last that is stored, also in its group", async () => {
		await withWriter(async ({ writer, log }) => {
			const { outcomes, stored } = await writer.write([request(1), request(1, { end: true }), request(1)], 0);
			expect(outcomes).toMatchObject([{ ok: true }, { ok: true }, refused]);
			expect(stored).toHaveLength(2);
			expect(log.ended).toBe("ended");
			const later = await writer.write([request(1), request(0, { end: true })], 0);
			expect(later).toEqual({ outcomes: [refused, refused], stored: [] });
			expect(log.head).toBe(stored[1]?.offset);
		});
	});

	it("needs no events, and creates a log that nothing was published to", async () => {
		await withWriter(async ({ writer, log, syncs, storage }) => {
			const { outcomes } = await writer.write([{ events: [], end: true, endReason: "abandoned" }], 2);
			expect(outcomes).toEqual([
				{ ok: true, replayed: false, receipt: { channel: "orders", ids: [], subscribers: 2 } },
			]);
			expect([log.ended, log.head, syncs()]).toEqual(["abandoned", log.start, 1]);
			expect(new Log(storage, { events: 100, milliseconds: DAY }).ended).toBe("abandoned");
		});
	});

	it("is visible once it is on disk", async () => {
		await withWriter(async ({ writer, log }) => {
			const writing = writer.write([request(1, { end: true })], 0);
			expect([log.ended, log.head]).toEqual([undefined, 0]);
			await writing;
			expect(log.ended).toBe("ended");
		});
	});

	it("gets its answer again by its idempotency key", async () => {
		await withWriter(async ({ writer }) => {
			const ending = request(1, { end: true, ...keyed("k") });
			const first = await writer.write([ending, ending], 0);
			expect(first.outcomes).toMatchObject([{ replayed: false }, { replayed: true }]);
			const again = await writer.write([ending, request(1, keyed("other"))], 0);
			expect(codesOf(again.outcomes)).toEqual(["ok", "channel_ended"]);
		});
	});

	it("does not end it when its condition does not hold", async () => {
		await withWriter(async ({ writer, log }) => {
			const { outcomes } = await writer.write([request(1), request(1, { end: true, ifHead: "0" }), request(1)], 0);
			expect(codesOf(outcomes)).toEqual(["ok", "head_moved", "ok"]);
			expect(log.ended).toBeUndefined();
		});
	});

	it("is undone with its group, if that cannot be stored", async () => {
		await withWriter(async ({ writer, log, storage }) => {
			await writer.write([request(1)], 0);
			const lost = new Error("no");
			const { exec } = storage.sql;
			storage.sql.exec = () => {
				throw lost;
			};
			await expect(writer.write([request(0, { end: true })], 0)).rejects.toThrow(lost);
			storage.sql.exec = exec;
			expect(log.ended).toBeUndefined();
			expect(codesOf((await writer.write([request(1)], 0)).outcomes)).toEqual(["ok"]);
		});
	});
});
