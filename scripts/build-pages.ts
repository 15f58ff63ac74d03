/** Builds the pages (the console and `/docs`) into `console/dist`, the Worker's static assets. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const { outputFiles } = await build({
	absWorkingDir: root,
	// The console is at `/`, with its files below `/console/`, so that it takes no path of the service.
	entryPoints: [
		{ in: "console/index.html", out: "index" },
		{ in: "console/icon.svg", out: "console/icon" },
		{ in: "console/console.css", out: "console/console" },
		{ in: "console/src/main.ts", out: "console/console" },
		{ in: "console/docs/index.html", out: "docs" },
		{ in: "console/docs/docs.css", out: "docs/docs" },
		{ in: "console/docs/main.ts", out: "docs/docs" },
	],
	outdir: "console/dist",
	loader: { ".html": "copy", ".svg": "copy" },
	bundle: true,
	format: "esm",
	target: "es2023",
	minify: true,
	write: false,
});

// Both pages use the icon, but esbuild copies a file to one place only.
const icon = {
	path: join(root, "console/dist/docs/icon.svg"),
	contents: await readFile(join(root, "console/icon.svg")),
};

// Unchanged files are not written again, because a running server may be watching them.
for (const { path, contents } of [...outputFiles, icon]) {
	const known = await readFile(path).catch(() => undefined);
	if (known?.equals(contents)) continue;
	await mkdir(dirname(path), { recursive: true });
	await writeFile(path, contents);
}
