import { pauseBefore } from "./pauses.ts";

/** The maximum number of attempts in a row, over up to 51 seconds. */
const MAX_ATTEMPTS = 16;

/** Exponential back-off with jitter: yields when the next attempt is due. */
export async function* backOff(): AsyncGenerator<void> {
	for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
		await scheduler.wait(pauseBefore(attempt, Math.random()));
		yield;
	}
}
