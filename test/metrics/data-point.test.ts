import { expect, it } from "vitest";
import { countsPoint, streamsPoint } from "../../src/metrics/data-point.ts";
import { newTally } from "../../src/metrics/tally.ts";

// Analytics Engine takes 20 doubles, and 96 bytes as an index.
it("a data point stays within what Analytics Engine takes", () => {
	const channel = "c".repeat(128);
	const { indexes, blobs, doubles } = countsPoint(channel, newTally());
	expect(indexes).toEqual(["c".repeat(96)]);
	expect(blobs).toEqual(["counts", channel]);
	expect(doubles).toHaveLength(18);
	expect(streamsPoint(`channel:${channel}`, 1).indexes).toEqual([`channel:${"c".repeat(88)}`]);
});
