import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, release } from "node:os";
import { join } from "node:path";
import { chart } from "./chart.ts";
import { caseTables, targetTable } from "./report.ts";
import type { Results } from "./results.ts";
import { betterElsewhere, summaryTable } from "./summary.ts";
import { outcomes } from "./targets.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGE = "docs/performance.md";

/** Saves all measurements, and writes what follows from them into the documentation. */
export async function publish(results: Results): Promise<void> {
	const { measurements, notMeasured, failures } = results;
	const at = new Date().toISOString();
	const written = { at, machine: machine(), targets: outcomes(results), failures, notMeasured, measurements };
	await writeFile(join(ROOT, "bench/results.json"), `${JSON.stringify(written, null, "\t")}\n`);
	const date = `${at.slice(0, 10)}, on ${machine()}.`;
	await fill(PAGE, "summary", `${date}\n\n![Deliveries per CPU second](performance.svg)\n\n${summaryTable(results)}`);
	await fill(PAGE, "better elsewhere", betterElsewhere(results));
	await fill(PAGE, "figures", caseTables(results));
	await fill("bench/README.md", "targets", `${date}\n\n${targetTable(results)}`);
	await writeFile(join(ROOT, "docs/performance.svg"), chart(results));
}

/** Replaces what stands between two comments of a page: `<!-- name: npm run bench writes this -->` and the next. */
async function fill(path: string, name: string, text: string): Promise<void> {
	const page = await readFile(join(ROOT, path), "utf8");
	const begin = `<!-- ${name}: npm run bench writes this -->\n`;
	const [before, after] = page.split(begin);
	const end = after?.indexOf("<!-- end -->") ?? -1;
	if (after === undefined || end < 0) throw new Error(`${path} has no place for ${name}.`);
	await writeFile(join(ROOT, path), `${before}${begin}\n${text}\n\n${after.slice(end)}`);
}

function machine(): string {
	return `${availableParallelism()} cores of ${cpus()[0]?.model ?? "an unknown CPU"}, Linux ${release()}, Node ${process.version}`;
}
