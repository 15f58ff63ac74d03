import { describe, expect, it } from "vitest";
import { RevokedUsers } from "../../src/channel/revoked-users.ts";

const NOW = 1_795_223_089_000;
const DAY = 86_400_000;

describe("revoked users", () => {
	it("are those that were listed, and those that are added", () => {
		const users = new RevokedUsers([["alice", NOW]]);
		users.add("bob", NOW + 5);
		expect(users.list(NOW + 5)).toEqual([
			["alice", NOW],
			["bob", NOW + 5],
		]);
		const covered = (user: string, issuedAt?: number) => users.covers(user, issuedAt, NOW + 5);
		expect([covered("alice", NOW), covered("alice", NOW + 1), covered("bob", NOW + 5), covered("carol")]).toEqual([
			true,
			false,
			true,
			false,
		]);
	});

	it("stay revoked from the latest time, in whatever order a relay is told", () => {
		const users = new RevokedUsers();
		users.add("alice", NOW);
		users.add("alice", NOW - 1000);
		expect(users.covers("alice", NOW, NOW)).toBe(true);
		expect(users.list(NOW)).toEqual([["alice", NOW]]);
	});

	it("are not told any more after a day", () => {
		const users = new RevokedUsers([
			["alice", NOW],
			["bob", NOW + 1],
		]);
		expect(users.list(NOW + DAY)).toEqual([["bob", NOW + 1]]);
		expect(users.rememberedUntil(NOW + DAY)).toBe(NOW + 1 + DAY);
		expect(users.rememberedUntil(NOW + DAY + 1)).toBeUndefined();
		expect(users.covers("bob", undefined, NOW + DAY + 1)).toBe(false);
	});

	it("are not kept for longer than they count", () => {
		const users = new RevokedUsers();
		for (let day = 0; day < 9; day += 1) users.add(`user-${day}`, NOW + day * DAY);
		users.add("user-0", NOW + 8 * DAY + 1);
		expect(users.list(0).map(([user]) => user)).toEqual(["user-8", "user-0"]);
	});
});
