/** Formats a table as Markdown, which is readable in a terminal too. Columns without a head hold texts. */
export function table(heads: string[], rows: string[][]): string {
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
