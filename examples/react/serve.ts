/**
 * Bundles the page with esbuild and serves it.
 *
 *     npx node examples/react/serve.ts
 */
import { join } from "node:path";
import { context } from "esbuild";

const { TIDINGS_URL = "http://localhost:8787", ISSUER_URL = "http://localhost:8788", PORT = "3001" } = process.env;
const folder = import.meta.dirname;

const bundle = await context({
	entryPoints: [join(folder, "main.tsx")],
	outdir: folder,
	bundle: true,
	write: false,
	format: "esm",
	define: { TIDINGS_URL: JSON.stringify(TIDINGS_URL), ISSUER_URL: JSON.stringify(ISSUER_URL) },
});
const { port } = await bundle.serve({ servedir: folder, host: "localhost", port: Number(PORT) });
console.log(`http://localhost:${port}`);
