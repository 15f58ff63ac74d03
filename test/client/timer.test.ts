import { afterEach, describe, expect, it, vi } from "vitest";
import { Timer } from "../../src/client/timer.ts";

const timer = new Timer();

afterEach(() => timer.clear());

describe("a timer", () => {
	it.each([2 ** 31, 2_592_000_000_000, Number.MAX_VALUE, Number.POSITIVE_INFINITY])(
		"that is set to more than a timer can take does not go off at once: %s ms",
		async (milliseconds) => {
			const call = vi.fn();
			timer.set(call, milliseconds);
			await new Promise((resolve) => setTimeout(resolve, 50));
			expect(call).not.toHaveBeenCalled();
		},
	);

	it("goes off once, when it was set last", async () => {
		const called = await new Promise((resolve) => {
			timer.set(() => resolve("first"), 5);
			timer.set(() => resolve("second"), 10);
		});
		expect(called).toBe("second");
	});
});
