/** The current time in unix seconds, as tokens and the database hold it. */
export function unixSeconds(): number {
	return Math.floor(Date.now() / 1000);
}
