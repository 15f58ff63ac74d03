import { describe, expect, it } from "vitest";
import { inParts } from "../../../src/channel/origin/in-parts.ts";
import { range } from "../../support/log.ts";

describe("calls of many relays", () => {
	it("are answered in order, and 32 are under way at once", async () => {
		let underWay = 0;
		let most = 0;
		const answers = await inParts(range(1, 70), async (relay) => {
			underWay += 1;
			most = Math.max(most, underWay);
			await scheduler.wait(relay % 3);
			underWay -= 1;
			return relay * 10;
		});
		expect(answers).toEqual(range(1, 70).map((relay) => relay * 10));
		expect(most).toBe(32);
	});

	it("fail with the first failure, after those that were called with it", async () => {
		const answered: number[] = [];
		const calls = inParts(range(1, 70), async (relay) => {
			if (relay === 2) throw new Error("The relay 2 does not answer.");
			await scheduler.wait(1);
			answered.push(relay);
		});
		await expect(calls).rejects.toThrow("The relay 2 does not answer.");
		expect(answered).toHaveLength(31);
	});
});
