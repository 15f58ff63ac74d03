/** How soon a lost channel is joined again: at first, and at most. */
const FIRST_PAUSE_MILLISECONDS = 50;
const MAX_PAUSE_MILLISECONDS = 5000;
/** How often in a row that may fail: for about a minute. */
const MAX_ATTEMPTS = 16;

/** Yields whenever it is time for another attempt, ever later, until there were enough. Sessions do not rejoin in step. */
export async function* backOff(): AsyncGenerator<void> {
	for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
		const pause = Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** attempt, MAX_PAUSE_MILLISECONDS);
		await scheduler.wait(pause * (0.5 + Math.random() / 2));
		yield;
	}
}
