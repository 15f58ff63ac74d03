import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, release } from "node:os";
import { join } from "node:path";
import { chart } from "./chart.ts";
import { report } from "./report.ts";
import type { Results } from "./results.ts";
import { outcomes } from "./targets.ts";

const ROOT = join(import.meta.dirname, "..");
const FIGURES = /(?<=<!-- figures: npm run bench writes them -->\n).*(?=<!-- end of the figures -->)/s;

/** Saves all measurements, and writes the medians and the chart into the documentation. */
export async function publish(results: Results): Promise<void> {
	const { measurements, failures } = results;
	const at = new Date().toISOString();
	const written = { at, machine: machine(), targets: outcomes(results), failures, measurements };
	await writeFile(join(ROOT, "bench/results.json"), `${JSON.stringify(written, null, "\t")}\n`);
	const figures = `\n${at.slice(0, 10)}, on ${machine()}.\n\n![Deliveries per CPU second, and CPU per delivery](performance.svg)\n\n${report(results)}\n\n`;
	const page = join(ROOT, "docs/performance.md");
	await writeFile(
		page,
		(await readFile(page, "utf8")).replace(FIGURES, () => figures),
	);
	await writeFile(join(ROOT, "docs/performance.svg"), chart(results));
}

function machine(): string {
	return `${availableParallelism()} cores of ${cpus()[0]?.model ?? "an unknown CPU"}, Linux ${release()}, Node ${process.version}`;
}
