import { expect, it } from "vitest";
import { countsPoint, streamsPoint } from "../../src/metrics/data-point.ts";
import { newTally } from "../../src/metrics/tally.ts";

// Analytics Engine accepts 20 doubles, and an index of 96 bytes.
it("a data point stays within the limits of Analytics Engine", () => {
	const channel = "c".repeat(128);
	const { indexes, blobs, doubles } = countsPoint(channel, newTally());
	expect(indexes).toEqual(["c".repeat(96)]);
	expect(blobs).toEqual(["counts", channel]);
	expect(doubles).toHaveLength(18);
	expect(streamsPoint(`channel:${channel}`, 1).indexes).toEqual([`channel:${"c".repeat(88)}`]);
});
