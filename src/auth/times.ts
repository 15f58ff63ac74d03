import { z } from "zod";

/** Past this (the year 5138), a time is not in seconds: today's milliseconds are larger. */
const LATEST_SECONDS = 1e11;
const HELP = "must be a time in unix seconds; milliseconds are too large";

/** A time in unix seconds. A fraction of a second does not count. */
export const unixSecondsSchema = z.number(HELP).min(0, HELP).max(LATEST_SECONDS, HELP).transform(Math.floor);
