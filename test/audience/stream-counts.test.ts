import { describe, expect, it } from "vitest";
import { StreamCounts } from "../../src/audience/stream-counts.ts";

describe("the streams of each user", () => {
	it("are counted, and a user without any is not there", () => {
		const streams = new StreamCounts();
		for (const user of ["alice", "alice", "bob"]) streams.add(user, 1);
		expect([streams.of("alice"), streams.of("bob"), streams.of("carol"), streams.size]).toEqual([2, 1, 0, 2]);
		for (const user of ["alice", "bob"]) streams.add(user, -1);
		expect([streams.has("alice"), streams.has("bob"), streams.size]).toEqual([true, false, 1]);
	});
});
