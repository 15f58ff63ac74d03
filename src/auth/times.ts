import { z } from "zod";

/** Past this (the year 5138), a time is not in seconds: today's milliseconds are larger. */
const LATEST_SECONDS = 1e11;
const HELP = "must be a time in unix seconds; milliseconds are too large";

/** How far the clock of whoever issues credentials and the edge's may be apart. */
export const CLOCK_TOLERANCE_SECONDS = 60;

/** A time in unix seconds. A fraction of a second does not count. */
export const unixSecondsSchema = z.number(HELP).min(0, HELP).max(LATEST_SECONDS, HELP).transform(Math.floor);

/** When credentials were issued, as their issuer's clock has it. */
export const issuedAtSchema = unixSecondsSchema.refine(
	(seconds) => seconds <= Date.now() / 1000 + CLOCK_TOLERANCE_SECONDS,
	"must not be in the future: set the issuer's clock",
);

/**
 * When credentials were issued at the earliest, by the service's own clock, which is what revocations go by. What does not
 * say when it was issued is older than any.
 */
export function earliestIssue(issuedAt: number | undefined): number {
	return issuedAt === undefined ? 0 : issuedAt - CLOCK_TOLERANCE_SECONDS;
}
