/** Linux counts from the same moment for all processes. */
export function machineMilliseconds(): number {
	const [seconds, nanoseconds] = process.hrtime();
	return seconds * 1000 + nanoseconds / 1e6;
}

/** What {@link now} counts from: the parent says so, to all processes of a load generator. */
const START = Number(process.argv[2] ?? 0);

/** The time in milliseconds, on a clock that all processes of a load generator share. */
export function now(): number {
	return machineMilliseconds() - START;
}
