/** The first and the longest pause before a rejoin. */
const FIRST_PAUSE_MILLISECONDS = 50;
const MAX_PAUSE_MILLISECONDS = 5000;

/**
 * How long to wait before an attempt to rejoin: twice as long each time, with jitter.
 *
 * @param attempt 0 for the first.
 * @param random a random number from 0 to 1.
 *
 * @example
 * pauseBefore(0, 1); // 50
 * pauseBefore(1, 0); // 50
 */
export function pauseBefore(attempt: number, random: number): number {
	const pause = Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** attempt, MAX_PAUSE_MILLISECONDS);
	return pause * (0.5 + random / 2);
}
