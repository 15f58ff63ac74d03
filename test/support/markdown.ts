/**
 * The rows of the first table of a Markdown page whose heads are these: of each row, its cells as they are written.
 *
 * @throws Error where there is none.
 */
export function tableRows(page: string, ...heads: string[]): string[][] {
	const lines = page.split("\n").map(cellsOf);
	const start = lines.findIndex((cells) => cells?.join("|") === heads.join("|"));
	if (start < 0) throw new Error(`The page has no table of ${heads.join(", ")}.`);
	const rows: string[][] = [];
	for (const cells of lines.slice(start + 2)) {
		if (!cells) break;
		rows.push(cells);
	}
	return rows;
}

function cellsOf(line: string): string[] | undefined {
	if (!line.startsWith("|")) return undefined;
	return line
		.split("|")
		.slice(1, -1)
		.map((cell) => cell.trim());
}

/** What stands between backticks in a cell. */
export function codes(cell: string): string[] {
	return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}
