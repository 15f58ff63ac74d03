import { FIGURES, type FigureName, formatFigure } from "./figures.ts";
import type { Results } from "./results.ts";
import { table } from "./table.ts";
import { outcomes } from "./targets.ts";

const NOT_MEASURED = "not measured here";

/** The targets, and whether they were reached; an empty text if none was measured. */
export function targetTable(results: Results): string {
	const rows = outcomes(results).map(({ target, wanted, value, isReached, missedByPercent }) => {
		return [
			target,
			wanted,
			formatFigure(value),
			isReached ? "reached" : `missed by ${formatFigure(missedByPercent)} %`,
		];
	});
	return rows.length > 0 ? table(["", "wanted", "measured", ""], rows) : "";
}

/** The medians of all cases, each under a heading. */
export function caseTables(results: Results): string {
	return Object.entries(Object.groupBy(results.cases, ({ name }) => name))
		.map(([name, cases = []]) => `### ${name}\n\n${caseTable(results, cases)}`)
		.join("\n\n");
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
			if (medians.every((value) => value === undefined)) return [variant, server, NOT_MEASURED];
			return [variant, server, ...medians.map((value) => (value === undefined ? "" : formatFigure(value)))];
		}),
	);
	const heads = names.length > 0 ? names.map((name) => FIGURES[name]) : [""];
	return table(["", "", ...heads], rows);
}
