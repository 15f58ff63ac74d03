/** `npm run cost`: writes the tables of docs/cost.md anew, from what is counted and the prices. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answerRows, billRows, countedRows, usageRows } from "./tables.ts";

const PAGE = join(import.meta.dirname, "../../docs/cost.md");
const TABLES = { bill: billRows, answers: answerRows, usage: usageRows, counted: countedRows };

let page = await readFile(PAGE, "utf8");
for (const [name, rows] of Object.entries(TABLES)) {
	// The head of a table, which is written by hand, is its first two rows.
	const table = new RegExp(`(?<=<!-- npm run cost: ${name} -->\\n\\n(?:\\|.*\\n){2})(?:\\|.*\\n)*`);
	if (!table.test(page)) throw new Error(`docs/cost.md has no table after <!-- npm run cost: ${name} -->.`);
	page = page.replace(table, () => `${rows().join("\n")}\n`);
}
await writeFile(PAGE, page);
