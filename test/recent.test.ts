import { describe, expect, it } from "vitest";
import { Recent } from "../src/recent.ts";

const recent = (maxSize = 10) => new Recent<string, string>(maxSize, ({ length }) => length);

describe("a cache of recent values", () => {
	it("gives back what was set, and the last value of a key", () => {
		const cache = recent();
		cache.set("a", "123");
		cache.set("a", "1");
		expect([cache.get("a"), cache.has("a"), cache.get("b"), cache.has("b")]).toEqual(["1", true, undefined, false]);
	});

	it("forgets what was not used for the longest time when it is full", () => {
		const cache = recent();
		for (const key of ["a", "b", "c"]) cache.set(key, "123");
		cache.get("a");
		cache.set("d", "123");
		expect(["a", "b", "c", "d"].map((key) => cache.has(key))).toEqual([true, false, true, true]);
	});

	it("keeps the newest value, however large it is", () => {
		const cache = recent();
		cache.set("a", "1");
		cache.set("b", "x".repeat(100));
		expect([cache.has("a"), cache.has("b")]).toEqual([false, true]);
		cache.set("c", "1");
		expect([cache.has("b"), cache.has("c")]).toEqual([false, true]);
	});

	it("counts the size of a value that was replaced once", () => {
		const cache = recent();
		for (let times = 0; times < 10; times += 1) cache.set("a", "12345");
		cache.set("b", "12345");
		expect([cache.has("a"), cache.has("b")]).toEqual([true, true]);
	});

	it("is empty once it was cleared", () => {
		const cache = recent();
		cache.set("a", "1234567890");
		cache.clear();
		cache.set("b", "1234567890");
		expect([cache.has("a"), cache.has("b")]).toEqual([false, true]);
	});
});
