import { z } from "zod";

const LEAP_SECOND = /^(.{17})60(?:\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** A time of RFC 3339, in unix milliseconds. */
export const timeSchema = z
	.preprocess(
		// Lower case is allowed (section 5.6).
		(value) => (typeof value === "string" ? replaceLeapSecond(value.toUpperCase()) : value),
		z.iso.datetime({ offset: true }),
	)
	.transform(Date.parse);

/** A leap second is where the month after it begins, since unix time has none. Only the end of a month may have one. */
function replaceLeapSecond(time: string): string {
	const [, start, offset] = LEAP_SECOND.exec(time) ?? [];
	const next = new Date(Date.parse(`${start}59${offset}`) + 1000);
	const isStartOfMonth = next.getUTCDate() === 1 && next.getTime() % 86_400_000 === 0;
	return isStartOfMonth ? next.toISOString() : time;
}
