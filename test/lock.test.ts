import { describe, expect, it } from "vitest";
import lock from "../package-lock.json";

describe("the lock file", () => {
	it("has the checksum of every package, including those for other platforms", () => {
		const { "": _root, ...packages } = lock.packages;
		const unchecked = Object.entries(packages).filter(([, each]) => !("integrity" in each));
		expect(unchecked.map(([path]) => path)).toEqual([]);
	});
});
