import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { type AnsweredPublish, IdempotencyKeys } from "../../src/log/idempotency.ts";
import { freshChannel } from "../support/service.ts";

const NOW = 1_795_223_089_999;
const MINUTE = 60_000;
const ANSWER: AnsweredPublish = { digest: "d1", first: 1_795_223_089_000_001, count: 3, subscribers: 7 };

function withKeys(test: (keys: IdempotencyKeys, storage: DurableObjectStorage) => void): Promise<void> {
	return runInDurableObject(env.CHANNEL.getByName(freshChannel()), (_, state) =>
		test(new IdempotencyKeys(state.storage.sql), state.storage),
	);
}

function rows({ sql }: DurableObjectStorage): unknown {
	return sql.exec("SELECT COUNT(*) AS count FROM idempotency_keys").one().count;
}

describe("find", () => {
	it("finds nothing for a key that has not been used", async () => {
		await withKeys((keys) => {
			expect(keys.find("a", NOW)).toBeUndefined();
			keys.remember("a", ANSWER, NOW);
			expect(keys.find("b", NOW)).toBeUndefined();
		});
	});

	it("finds the complete answer to the publish with that key", async () => {
		await withKeys((keys) => {
			keys.remember("a", ANSWER, NOW);
			expect(keys.find("a", NOW)).toEqual(ANSWER);
			expect(keys.find("a", NOW + 1)).toEqual(ANSWER);
		});
	});

	it("finds it for 5 minutes, and no longer", async () => {
		await withKeys((keys) => {
			keys.remember("a", ANSWER, NOW);
			expect(keys.find("a", NOW + 5 * MINUTE - 1)).toEqual(ANSWER);
			expect(keys.find("a", NOW + 5 * MINUTE)).toBeUndefined();
		});
	});

	it("does not extend the 5 minutes", async () => {
		await withKeys((keys) => {
			keys.remember("a", ANSWER, NOW);
			keys.find("a", NOW + 4 * MINUTE);
			expect(keys.find("a", NOW + 6 * MINUTE)).toBeUndefined();
		});
	});

	it("finds it after a restart of the object", async () => {
		await withKeys((keys, { sql }) => {
			keys.remember("a", ANSWER, NOW);
			expect(new IdempotencyKeys(sql).find("a", NOW)).toEqual(ANSWER);
		});
	});

	it("finds it after the clock was set back", async () => {
		await withKeys((keys) => {
			keys.remember("a", ANSWER, NOW);
			expect(keys.find("a", NOW - MINUTE)).toEqual(ANSWER);
		});
	});

	it("compares keys exactly", async () => {
		await withKeys((keys) => {
			const all = ["a", "A", "a ", "'", '"', "%", "_", "0", "00", "1", "1.0", "~".repeat(128)];
			for (const [index, key] of all.entries()) keys.remember(key, { ...ANSWER, count: index }, NOW);
			expect(all.map((key) => keys.find(key, NOW)?.count)).toEqual(all.map((_, index) => index));
		});
	});
});

describe("remember", () => {
	it("replaces an earlier answer for the key", async () => {
		await withKeys((keys, storage) => {
			keys.remember("a", ANSWER, NOW);
			keys.remember("a", { ...ANSWER, digest: "d2" }, NOW + 6 * MINUTE);
			expect(keys.find("a", NOW + 6 * MINUTE)).toEqual({ ...ANSWER, digest: "d2" });
			expect(rows(storage)).toBe(1);
		});
	});

	it("stores nothing when its transaction is rolled back", async () => {
		await withKeys((keys, storage) => {
			expect(() =>
				storage.transactionSync(() => {
					keys.remember("a", ANSWER, NOW);
					throw new Error("no");
				}),
			).toThrow("no");
			keys.reload();
			expect(keys.find("a", NOW)).toBeUndefined();
			keys.remember("a", ANSWER, NOW);
			expect(keys.find("a", NOW)).toEqual(ANSWER);
		});
	});

	it("deletes expired keys, and no others", async () => {
		await withKeys((keys, storage) => {
			for (let minute = 0; minute < 60; minute += 1) keys.remember(`key-${minute}`, ANSWER, NOW + minute * MINUTE);
			expect(rows(storage)).toBeLessThanOrEqual(6);
			expect(keys.find("key-59", NOW + 59 * MINUTE)).toEqual(ANSWER);
			expect(keys.find("key-55", NOW + 59 * MINUTE)).toEqual(ANSWER);
			expect(keys.find("key-54", NOW + 59 * MINUTE)).toBeUndefined();
		});
	});

	it("deletes the expired keys of an earlier instance", async () => {
		await withKeys((keys, storage) => {
			for (let count = 0; count < 20; count += 1) keys.remember(`key-${count}`, ANSWER, NOW);
			new IdempotencyKeys(storage.sql).remember("new", ANSWER, NOW + 5 * MINUTE);
			expect(rows(storage)).toBe(1);
		});
	});
});

describe("the key of a live publish", () => {
	const PROGRESS = { digest: "d", events: 2, first: "7", last: "8", hasEnded: false };

	it("is found for 5 minutes after its last event, with how far it had come", async () => {
		await withKeys((keys) => {
			expect(keys.findLive("a", NOW)).toBeUndefined();
			keys.rememberLive("a", PROGRESS, NOW);
			const further = { ...PROGRESS, events: 3, last: "9", hasEnded: true };
			keys.rememberLive("a", further, NOW + MINUTE);
			expect(keys.findLive("a", NOW + 6 * MINUTE - 1)).toEqual(further);
			expect(keys.findLive("a", NOW + 6 * MINUTE)).toBeUndefined();
			expect(keys.find("a", NOW)).toBeUndefined();
		});
	});

	it("keeps the keys from being empty until it has expired, and is deleted some time after that", async () => {
		await withKeys((keys, { sql }) => {
			keys.rememberLive("a", PROGRESS, NOW);
			expect([keys.isEmpty(NOW + 5 * MINUTE - 1), keys.isEmpty(NOW + 5 * MINUTE)]).toEqual([false, true]);
			keys.remember("b", ANSWER, NOW + 10 * MINUTE);
			expect(sql.exec("SELECT key FROM live_keys").toArray()).toEqual([]);
		});
	});
});
