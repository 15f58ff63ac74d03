import { LONGEST_WAIT_MILLISECONDS } from "./backoff.ts";

/**
 * Parses `Retry-After`, which is a number of seconds or a date (RFC 9110, section 10.2.3), into milliseconds to wait, at
 * most an hour. `undefined` if it is neither, or does not ask to wait.
 *
 * @example
 * retryAfter("120", Date.now()); // 120_000
 */
export function retryAfter(value: string | null, now: number): number | undefined {
	const wait = millisecondsOf(value ?? "", now);
	return wait > 0 ? Math.min(wait, LONGEST_WAIT_MILLISECONDS) : undefined;
}

function millisecondsOf(value: string, now: number): number {
	if (/^\d+$/.test(value)) return Number(value) * 1000;
	// A date begins with the day of the week. The oldest of the three formats does not say that it is in GMT.
	return /^[A-Z][a-z]{2}/.test(value) ? Date.parse(value.replace(/( GMT)?$/, " GMT")) - now : Number.NaN;
}
