/** The longest reconnection time that a client is told: an hour. */
export const MAX_RETRY_MILLISECONDS = 3_600_000;

/** By how much of it a reconnection time is spread, to either side. */
const SPREAD = 0.25;

/**
 * A reconnection time for one stream of many: clients that are cut off together should not come back in step.
 *
 * @param random from 0 to 1.
 *
 * @example
 * spreadRetry(2000, 0); // 1500
 * spreadRetry(2000, 1); // 2500
 */
export function spreadRetry(milliseconds: number, random: number): number {
	const spread = milliseconds * (1 - SPREAD + 2 * SPREAD * random);
	return Math.min(Math.round(spread), MAX_RETRY_MILLISECONDS);
}
