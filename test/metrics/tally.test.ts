import { describe, expect, it } from "vitest";
import { addTally, BUCKET_MILLISECONDS, countDelivered, countPublish, newTally } from "../../src/metrics/tally.ts";

/** The bucket of a publish with this latency. */
function bucketOf(milliseconds: number): number {
	const tally = newTally();
	countPublish(tally, 1, milliseconds);
	return tally.publishes.indexOf(1);
}

describe("a tally", () => {
	it.each([
		[0, 0],
		[1, 0],
		[2, 1],
		[5, 2],
		[6, 3],
		[5000, 11],
		[5001, 12],
		[3_600_000, 12],
	])("counts a publish of %i ms in bucket %i, with inclusive upper bounds", (milliseconds, bucket) => {
		expect(bucketOf(milliseconds)).toBe(bucket);
	});

	it("counts a batch as one publish of several events", () => {
		const tally = newTally();
		countPublish(tally, 100, 20);
		expect(tally).toMatchObject({ published: 100, publishMilliseconds: 20 });
		expect(tally.publishes.reduce((sum, count) => sum + count)).toBe(1);
	});

	it("counts replayed events as delivered, too", () => {
		const tally = newTally();
		countDelivered(tally, 3, false);
		countDelivered(tally, 2, true);
		expect(tally).toMatchObject({ delivered: 5, replayed: 2 });
	});

	it("adds another tally without changing it", () => {
		const sum = newTally();
		const other = newTally();
		countPublish(other, 2, 1);
		countDelivered(other, 3, true);
		other.cut = 1;
		const before = structuredClone(other);
		addTally(sum, other);
		addTally(sum, other);
		expect(other).toEqual(before);
		expect(sum).toMatchObject({ published: 4, delivered: 6, replayed: 6, cut: 2, publishMilliseconds: 2 });
		expect(sum.publishes).toEqual([2, ...BUCKET_MILLISECONDS.map(() => 0)]);
	});
});
