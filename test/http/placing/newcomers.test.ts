import { describe, expect, it } from "vitest";
import { Newcomers } from "../../../src/http/placing/newcomers.ts";

describe("Newcomers", () => {
	it("are those of a channel and of a region of clients", () => {
		const newcomers = new Newcomers();
		const rush = newcomers.of("orders", "weur");
		expect(newcomers.of("orders", "weur")).toBe(rush);
		expect(newcomers.of("orders", "apac")).not.toBe(rush);
		expect(newcomers.of("orders", undefined)).not.toBe(rush);
		expect(newcomers.of("chat:1", "weur")).not.toBe(rush);
	});

	it("are remembered of 1,000 channels at most: those that nobody came to for the longest time are dropped", () => {
		const newcomers = new Newcomers();
		const [first, second] = [newcomers.of("chat:0", undefined), newcomers.of("chat:1", undefined)];
		for (let number = 2; number < 1000; number += 1) newcomers.of(`chat:${number}`, undefined);
		expect(newcomers.of("chat:0", undefined)).toBe(first);
		newcomers.of("chat:1000", undefined);
		expect(newcomers.of("chat:0", undefined)).toBe(first);
		expect(newcomers.of("chat:1", undefined)).not.toBe(second);
	});
});
