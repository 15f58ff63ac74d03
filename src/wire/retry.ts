/** The longest reconnection time that is sent to clients: one hour. */
export const MAX_RETRY_MILLISECONDS = 3_600_000;

/** The jitter of reconnection times, as a fraction to either side. */
const JITTER = 0.25;

/**
 * Adds jitter to a reconnection time, so that clients that are disconnected together do not reconnect at the same moment.
 *
 * @param milliseconds the reconnection time that is configured.
 * @param random a random number from 0 to 1.
 *
 * @example
 * spreadRetry(2000, 0); // 1500
 * spreadRetry(2000, 1); // 2500
 */
export function spreadRetry(milliseconds: number, random: number): number {
	const jittered = milliseconds * (1 - JITTER + 2 * JITTER * random);
	return Math.min(Math.round(jittered), MAX_RETRY_MILLISECONDS);
}
