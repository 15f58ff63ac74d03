import { afterAll, vi } from "vitest";

/** What a file has put in place goes with it: the next one runs in the same workerd. */
afterAll(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
	vi.unstubAllGlobals();
});
