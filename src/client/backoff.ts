const MIN_MILLISECONDS = 100;
const MAX_MILLISECONDS = 30_000;
/** Whatever anybody asks for, nobody waits longer before the next attempt. */
export const LONGEST_WAIT_MILLISECONDS = 3_600_000;

/**
 * How long to wait before the next attempt, in milliseconds. It doubles from attempt to attempt, up to half a minute, and
 * half of it is left to chance, so that clients that were cut off together do not come back together.
 *
 * @param failures how many attempts have failed in a row, from 1.
 * @param base what the first wait is at most, in milliseconds, from 100 to an hour; less and more count as these. Above
 * 30,000 it does not grow.
 * @param chance from 0 to 1. Default: random.
 *
 * @example
 * backoff(1, 2000, 0); // 1000
 * backoff(3, 2000, 1); // 8000
 */
export function backoff(failures: number, base: number, chance = Math.random()): number {
	const first = Math.min(Math.max(MIN_MILLISECONDS, base), LONGEST_WAIT_MILLISECONDS);
	const most = Math.max(first, Math.min(MAX_MILLISECONDS, first * 2 ** (failures - 1)));
	return most * (0.5 + chance / 2);
}
