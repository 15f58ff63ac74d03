import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Revocations } from "../../src/channel/revocations.ts";
import { freshChannel } from "../support/service.ts";

const NOW = 1_795_223_089_000;
const DAY = 24 * 60 * 60 * 1000;

function withRevocations(test: (revocations: Revocations, sql: SqlStorage) => void): Promise<void> {
	return runInDurableObject(env.CHANNEL.getByName(freshChannel()), (_, { storage }) =>
		test(new Revocations(storage.sql), storage.sql),
	);
}

describe("covers", () => {
	it("is true for credentials that were issued until the revocation, and not for later ones", async () => {
		await withRevocations((revocations) => {
			revocations.add("alice", NOW);
			expect(revocations.covers("alice", NOW - 3_600_000, NOW)).toBe(true);
			expect(revocations.covers("alice", NOW, NOW)).toBe(true);
			expect(revocations.covers("alice", NOW + 1, NOW)).toBe(false);
		});
	});

	it("is true for credentials that do not say when they were issued", async () => {
		await withRevocations((revocations) => {
			revocations.add("alice", NOW);
			expect(revocations.covers("alice", undefined, NOW)).toBe(true);
		});
	});

	it("is false for other users", async () => {
		await withRevocations((revocations) => {
			expect(revocations.covers("alice", undefined, NOW)).toBe(false);
			revocations.add("alice", NOW);
			expect(revocations.covers("bob", undefined, NOW)).toBe(false);
		});
	});

	it("is false again after a day", async () => {
		await withRevocations((revocations) => {
			revocations.add("alice", NOW);
			expect(revocations.covers("alice", undefined, NOW + DAY - 1)).toBe(true);
			expect(revocations.covers("alice", undefined, NOW + DAY)).toBe(false);
		});
	});

	it("is true after a restart of the object", async () => {
		await withRevocations((revocations, sql) => {
			revocations.add("alice", NOW);
			expect(new Revocations(sql).covers("alice", NOW, NOW)).toBe(true);
		});
	});
});

describe("rememberedUntil", () => {
	it("is a day after the latest revocation", async () => {
		await withRevocations((revocations) => {
			revocations.add("alice", NOW);
			revocations.add("bob", NOW + 1000);
			revocations.add("carol", NOW + 500);
			expect(revocations.rememberedUntil(NOW + 2000)).toBe(NOW + 1000 + DAY);
		});
	});

	it("is undefined without a revocation, and when all have expired", async () => {
		await withRevocations((revocations) => {
			expect(revocations.rememberedUntil(NOW)).toBeUndefined();
			revocations.add("alice", NOW);
			expect(revocations.rememberedUntil(NOW + DAY)).toBeUndefined();
		});
	});
});
