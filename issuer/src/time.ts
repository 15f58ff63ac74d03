/** Now, as tokens and the database have it: in seconds. */
export function unixTime(): number {
	return Math.floor(Date.now() / 1000);
}
