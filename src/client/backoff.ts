const MIN_MILLISECONDS = 100;
const MAX_MILLISECONDS = 30_000;
/** No wait is longer than this, whatever the service asks for. */
export const LONGEST_WAIT_MILLISECONDS = 3_600_000;

/**
 * How long to wait before the next attempt, in milliseconds. The wait doubles from attempt to attempt, up to half a minute.
 * Half of it is random, so that clients that were cut off together do not all reconnect at the same moment.
 *
 * @param failures how many attempts have failed in a row, from 1.
 * @param baseMilliseconds the longest first wait, clamped to the range from 100 to an hour. From 30,000 on, the wait does
 * not double.
 * @param chance a number from 0 to 1. Default: random.
 *
 * @example
 * backoff(1, 2000, 0); // 1000
 * backoff(3, 2000, 1); // 8000
 */
export function backoff(failures: number, baseMilliseconds: number, chance = Math.random()): number {
	const first = Math.min(Math.max(MIN_MILLISECONDS, baseMilliseconds), LONGEST_WAIT_MILLISECONDS);
	const most = Math.max(first, Math.min(MAX_MILLISECONDS, first * 2 ** (failures - 1)));
	return most * (0.5 + chance / 2);
}
