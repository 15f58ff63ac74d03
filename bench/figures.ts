/** Every figure that a case may measure, with its heading in the report. */
export const FIGURES = {
	streams: "streams",
	relays: "relays",
	cpuPerDelivery: "CPU µs per delivery",
	cpuOfFew: "the same, 1,000 streams",
	cpuOfHalf: "the same, half of them",
	firstEvent: "first event ms",
	firstP50: "first p50 ms",
	firstP99: "first p99 ms",
	lastP50: "last p50 ms",
	lastP99: "last p99 ms",
	deliveriesPerCpuSecond: "deliveries per CPU second",
	p50: "p50 ms",
	p99: "p99 ms",
	max: "longest behind ms",
	publisherP99: "publisher's p99 ms",
	published: "published",
	missing: "missing",
	generatorBusy: "load generator busy %",
	memoryPerStream: "RSS KiB per stream",
	memoryOfFew: "the same, 1,000 streams",
	memoryOfHalf: "the same, half of them",
	heapPerStream: "V8 heap KiB per stream",
	publishes: "events a second",
	cpuPerPublish: "CPU µs per event",
	bytesPerDelivery: "bytes per delivery",
	joins: "streams a second",
	cpuPerJoin: "CPU µs per stream",
	caughtUp: "caught up s",
	reopened: "reopened s",
	written: "written s",
	cutOff: "cut off",
	originPerEvent: "origin's CPU ms per event",
} as const;

export type FigureName = keyof typeof FIGURES;
export type Figures = Partial<Record<FigureName, number>>;

export function formatFigure(value: number): string {
	const digits = value === 0 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
	return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function median(values: number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = sorted.length / 2;
	return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}
