import { type FigureName, formatFigure } from "./figures.ts";
import type { Results } from "./results.ts";
import { table } from "./table.ts";

/** What a user would pick instead, beside tidings. */
export const ALTERNATIVES = ["nchan", "mercure", "mercure bolt", "centrifugo", "better-sse"];

interface Line {
	title: string;
	at: readonly [name: string, variant: string, figure: FigureName];
	best: "least" | "most";
}

const LINES: Line[] = [
	{
		title: "a lone event to 1,000: CPU µs per delivery",
		at: ["lone", "1,000 subscribers", "cpuPerDelivery"],
		best: "least",
	},
	{
		title: "a lone event to 1,000: ms to the last, p50",
		at: ["lone", "1,000 subscribers", "lastP50"],
		best: "least",
	},
	{
		title: "a lone event to 8,000: CPU µs per delivery",
		at: ["crowd", "8,000 subscribers", "cpuPerDelivery"],
		best: "least",
	},
	{
		title: "a lone event to 8,000: ms to the last, p50",
		at: ["crowd", "8,000 subscribers", "lastP50"],
		best: "least",
	},
	{
		title: "100 events a second to 1,000: p99 ms",
		at: ["stream", "100 events a second", "p99"],
		best: "least",
	},
	{
		title: "500 events a second to 1,000: p99 ms",
		at: ["stream", "500 events a second", "p99"],
		best: "least",
	},
	{
		title: "500 events a second to 1,000: deliveries per CPU second",
		at: ["stream", "500 events a second", "deliveriesPerCpuSecond"],
		best: "most",
	},
	{
		title: "50 channels, 50 events a second each, 2 readers: CPU µs per event",
		at: ["tokens", "50 channels", "cpuPerPublish"],
		best: "least",
	},
	{ title: "an open stream: KiB of memory", at: ["idle", "process", "memoryPerStream"], best: "least" },
];

/** What tidings costs beside its alternatives, in a table. */
export function summaryTable(results: Results): string {
	const servers = ["tidings", ...ALTERNATIVES];
	const rows = LINES.map((line) => [line.title, ...servers.map((server) => cell(results, line, server))]);
	return table(["", ...servers], rows);
}

/** Where alternatives are better, and by how much; a list in Markdown. */
export function betterElsewhere(results: Results): string {
	const items = LINES.flatMap((line) => {
		const own = figureOf(results, line, "tidings");
		const ratios = ALTERNATIVES.flatMap((server) => {
			const value = figureOf(results, line, server);
			if (own === undefined || value === undefined) return [];
			const isBetter = line.best === "least" ? value < own : value > own;
			return isBetter ? [{ server, ratio: value / own }] : [];
		});
		const sorted = ratios.toSorted((a, b) => (line.best === "least" ? a.ratio - b.ratio : b.ratio - a.ratio));
		const list = sorted.map(({ server, ratio }) => `${server} ${formatFigure(ratio)}`).join(", ");
		return list ? [`- ${line.title}: ${list}`] : [];
	});
	return items.join("\n");
}

function cell(results: Results, line: Line, server: string): string {
	const value = figureOf(results, line, server);
	return value === undefined ? "not measured here" : formatFigure(value);
}

function figureOf(results: Results, { at: [name, variant, figure] }: Line, server: string): number | undefined {
	return results.median(name, variant, server, figure);
}
