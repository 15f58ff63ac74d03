/** The first and the longest pause before a rejoin. */
const FIRST_PAUSE_MILLISECONDS = 50;
const MAX_PAUSE_MILLISECONDS = 5000;
/** The maximum number of attempts in a row, over up to 51 seconds. */
const MAX_ATTEMPTS = 16;

/** Exponential back-off with jitter: yields when the next attempt is due. */
export async function* backOff(): AsyncGenerator<void> {
	for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
		const pause = Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** attempt, MAX_PAUSE_MILLISECONDS);
		await scheduler.wait(pause * (0.5 + Math.random() / 2));
		yield;
	}
}
