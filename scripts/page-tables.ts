import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";

/**
 * Writes tables of a page anew. The head of a table, its first two rows, is written by hand, and so is the comment before
 * it, which names the command and the table.
 *
 * @param command the npm script, such as `cost`.
 * @param tables what makes the rows of each table.
 */
export async function writeTables(
	path: string,
	command: string,
	tables: Record<string, () => string[]>,
): Promise<void> {
	let page = await readFile(path, "utf8");
	for (const [name, rows] of Object.entries(tables)) {
		const mark = `<!-- npm run ${command}: ${name} -->`;
		const table = new RegExp(`(?<=${mark}\\n\\n(?:\\|.*\\n){2})(?:\\|.*\\n)*`);
		if (!table.test(page)) throw new Error(`${basename(path)} has no table after ${mark}.`);
		page = page.replace(table, () => `${rows().join("\n")}\n`);
	}
	await writeFile(path, page);
}

export function row(cells: string[]): string {
	return `| ${cells.join(" | ")} |`;
}

/** An amount of money, in whole dollars where it is large. */
export function dollars(amount: number): string {
	return decimal(amount, amount < 1000 ? 2 : 0);
}

export function decimal(amount: number, digits: number): string {
	return amount.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
