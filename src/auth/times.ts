import { z } from "zod";

/** The year 5138. A larger number is in milliseconds: today's exceed it. */
const LATEST_SECONDS = 1e11;
const HELP = "must be a time in Unix seconds, not milliseconds";

/** The clock skew that is tolerated between the issuer of credentials and the edge. */
export const CLOCK_TOLERANCE_SECONDS = 60;

/** A time in Unix seconds. Fractions are rounded down. */
export const unixSecondsSchema = z.number(HELP).min(0, HELP).max(LATEST_SECONDS, HELP).transform(Math.floor);

/** When credentials were issued, in Unix seconds, by the issuer's clock. */
export const issuedAtSchema = unixSecondsSchema.refine(
	(seconds) => seconds <= Date.now() / 1000 + CLOCK_TOLERANCE_SECONDS,
	"must not be in the future: check the issuer's clock",
);

/**
 * Returns the earliest time that credentials can have been issued at, by the service's own clock, in Unix seconds.
 * Revocations compare against it.
 *
 * @param issuedAt by the issuer's clock, in Unix seconds; `undefined` if the credentials do not say.
 */
export function earliestIssue(issuedAt: number | undefined): number | undefined {
	return issuedAt === undefined ? undefined : issuedAt - CLOCK_TOLERANCE_SECONDS;
}

/**
 * When a token stops opening streams, and a stream that it opened ends, in Unix milliseconds: when it expires, or at the
 * end of the clock tolerance where it has expired already.
 *
 * @param expires the token's `exp`, in Unix seconds.
 * @param now in Unix milliseconds.
 */
export function endOfToken(expires: number, now: number): number {
	const end = expires * 1000;
	return end > now ? end : end + CLOCK_TOLERANCE_SECONDS * 1000;
}
