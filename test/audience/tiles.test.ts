import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Subscriber } from "../../src/audience/subscriber.ts";
import { inTiles } from "../../src/audience/tiles.ts";

const SUBSCRIBERS = Array.from({ length: 128 }, () => ({ outlet: { isResponse: true } }) as Subscriber);

/** Starts a round. Each of its writes adds its name to a list. */
async function round(name: string, written: string[]): Promise<number> {
	return await inTiles(SUBSCRIBERS, () => written.push(name) > 0);
}

describe("tiles", () => {
	// The rounds of objects that died in the tests of another file share tiles for a second.
	beforeAll(() => scheduler.wait(1100));

	afterEach(() => vi.restoreAllMocks());

	it("lets the runtime have a turn after 64 streams", async () => {
		const written: string[] = [];
		const whole = round("a", written);
		expect(written).toHaveLength(64);
		expect(await whole).toBe(128);
	});

	it("share a turn with the rounds of other objects", async () => {
		const written: string[] = [];
		const both = [round("a", written), round("b", written)];
		expect(written.join("")).toBe("a".repeat(64) + "b".repeat(32));
		await scheduler.wait(0);
		expect(written).toHaveLength(64 + 3 * 32);
		expect(await Promise.all(both)).toEqual([128, 128]);
	});

	it("do not wait for a round that has died with its object", async () => {
		const now = Date.now();
		vi.spyOn(scheduler, "wait").mockReturnValueOnce(new Promise(() => undefined));
		void round("dead", []);
		vi.spyOn(Date, "now").mockReturnValue(now + 2000);
		const written: string[] = [];
		const whole = round("a", written);
		expect(written).toHaveLength(64);
		await whole;
	});
});
