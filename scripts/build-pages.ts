/** Builds the pages, the console and `/docs`, into `console/dist`, the static assets of the Worker. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const { outputFiles } = await build({
	absWorkingDir: root,
	// The console stands at `/`, its files below `/console/`: the paths of the service are not touched.
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

// Both pages have the icon, but esbuild copies a file to one place only.
const icon = {
	path: join(root, "console/dist/docs/icon.svg"),
	contents: await readFile(join(root, "console/icon.svg")),
};

// What has not changed is left alone: somebody may be serving it.
for (const { path, contents } of [...outputFiles, icon]) {
	const known = await readFile(path).catch(() => undefined);
	if (known?.equals(contents)) continue;
	await mkdir(dirname(path), { recursive: true });
	await writeFile(path, contents);
}
