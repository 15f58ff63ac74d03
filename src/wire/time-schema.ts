import { z } from "zod";

const LEAP_SECOND = /^(.{17})60(?:\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** An RFC 3339 time. The output is in Unix milliseconds. */
export const timeSchema = z
	.preprocess(
		// RFC 3339 allows lower case (section 5.6).
		(value) => (typeof value === "string" ? replaceLeapSecond(value.toUpperCase()) : value),
		z.iso.datetime({ offset: true }),
	)
	.transform(Date.parse);

/** Unix time has no leap seconds: one becomes the start of the next month. Only the last second of a month can be one. */
function replaceLeapSecond(time: string): string {
	const [, start, offset] = LEAP_SECOND.exec(time) ?? [];
	const next = new Date(Date.parse(`${start}59${offset}`) + 1000);
	const isStartOfMonth = next.getUTCDate() === 1 && next.getTime() % 86_400_000 === 0;
	return isStartOfMonth ? next.toISOString() : time;
}
