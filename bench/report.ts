import { FIGURES, type FigureName, formatFigure } from "./figures.ts";
import type { Results } from "./results.ts";
import { outcomes } from "./targets.ts";

/** Formats medians and targets as Markdown, which is readable in a terminal too. */
export function report(results: Results): string {
	const sections = Object.entries(Object.groupBy(results.cases, ({ name }) => name)).map(
		([name, cases = []]) => `### ${name}\n\n${caseTable(results, cases)}`,
	);
	const targets = outcomes(results);
	if (targets.length > 0) sections.unshift(`### Targets\n\n${targetTable(targets)}`);
	return sections.join("\n\n");
}

function targetTable(targets: ReturnType<typeof outcomes>): string {
	const rows = targets.map(({ target, wanted, value, isReached, missedByPercent }) => {
		return [
			target,
			wanted,
			formatFigure(value),
			isReached ? "reached" : `missed by ${formatFigure(missedByPercent)} %`,
		];
	});
	return table(["", "wanted", "measured", ""], rows);
}

function caseTable(results: Results, cases: Results["cases"]): string {
	const names = (Object.keys(FIGURES) as FigureName[]).filter((figure) =>
		cases.some(({ name, variant, servers }) =>
			servers.some((server) => results.median(name, variant, server, figure) !== undefined),
		),
	);
	const rows = cases.flatMap(({ name, variant, servers }) =>
		servers.map((server) => {
			const medians = names.map((figure) => results.median(name, variant, server, figure));
			if (medians.every((value) => value === undefined)) return [variant, server, "not measured here"];
			return [variant, server, ...medians.map((value) => (value === undefined ? "" : formatFigure(value)))];
		}),
	);
	return table(["", "", ...names.map((name) => FIGURES[name])], rows);
}

function table(heads: string[], rows: string[][]): string {
	const widths = heads.map((head, column) => Math.max(3, head.length, ...rows.map((row) => row[column]?.length ?? 0)));
	const isText = (column: number) => heads[column] === "";
	const line = (cells: string[]) => {
		const padded = widths.map((width, column) => {
			const cell = cells[column] ?? "";
			return isText(column) ? cell.padEnd(width) : cell.padStart(width);
		});
		return `| ${padded.join(" | ")} |`;
	};
	const rule = widths.map((width, column) => (isText(column) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
	return [heads, rule, ...rows].map(line).join("\n");
}
