import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";

/** The oldest Node that what users import has to run on: what `NODE20` names, or the first of it in the `PATH`. */
export const node20 = [
	process.env.NODE20 ?? [],
	(process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "node")),
]
	.flat()
	.find((node) => spawnSync(node, ["--version"], { encoding: "utf8" }).stdout?.startsWith("v20."));

if (node20 === undefined) {
	console.warn("The tests on Node 20 are skipped: there is no Node 20. Set NODE20 to its path.");
}
