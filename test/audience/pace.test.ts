import { describe, expect, it, vi } from "vitest";
import { Pace } from "../../src/audience/pace.ts";

/** How long the pause is after a round of 200 ms with this many events. */
async function pauseAfter(events: number): Promise<number> {
	const now = vi.spyOn(performance, "now").mockReturnValue(1000);
	const timeout = vi.spyOn(globalThis, "setTimeout").mockImplementation(((done: () => void) => void done()) as never);
	const pace = new Pace();
	pace.start();
	now.mockReturnValue(1200);
	await pace.stop();
	await pace.pause(events);
	const [[, milliseconds] = []] = timeout.mock.calls;
	vi.restoreAllMocks();
	return milliseconds ?? Number.NaN;
}

describe("the pause after a round", () => {
	it.each([
		[1, 50],
		[8, 50],
		[16, 100],
		[32, 200],
		[500, 200],
	])("with %i events in 200 ms takes %i ms", async (events, milliseconds) => {
		expect(await pauseAfter(events)).toBe(milliseconds);
	});

	it("ends early when it is told to", async () => {
		const pace = new Pace();
		vi.spyOn(performance, "now").mockReturnValueOnce(0).mockReturnValueOnce(600_000);
		pace.start();
		await pace.stop();
		const paused = pace.pause(500);
		pace.resume();
		await paused;
		vi.restoreAllMocks();
	});
});
