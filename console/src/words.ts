/** Times and numbers as the page writes them. */

const time = new Intl.DateTimeFormat(undefined, {
	hour: "2-digit",
	minute: "2-digit",
	second: "2-digit",
	hourCycle: "h23",
});
const number = new Intl.NumberFormat("en-GB");

/** A time of the day, to the second. */
export function clock(milliseconds: number): string {
	return time.format(milliseconds);
}

/** A time of the day, to the millisecond. */
export function preciseClock(milliseconds: number): string {
	return `${clock(milliseconds)}.${String(Math.floor(milliseconds) % 1000).padStart(3, "0")}`;
}

export function count(value: number): string {
	return number.format(value);
}
