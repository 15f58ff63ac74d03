import { expect, it } from "vitest";
import { InOrder } from "../../src/channel/in-order.ts";

it("passes items on in the order of their places, those that have waited together", () => {
	const passed: string[][] = [];
	const order = new InOrder<{ name: string }>((items) => passed.push(items.map(({ name }) => name)));
	const [a, b, c, d] = [order.place(), order.place(), order.place(), order.place()];
	b({ name: "b" });
	d({ name: "d" });
	expect(passed).toEqual([]);
	expect(order.size).toBe(4);
	a({ name: "a" });
	expect(passed).toEqual([["a", "b"]]);
	c({ name: "c" });
	expect(passed).toEqual([
		["a", "b"],
		["c", "d"],
	]);
	expect(order.size).toBe(0);
});
