/**
 * Bundles the page with esbuild, and serves it and the backend.
 *
 *     npx node examples/ai-sdk/serve.ts
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import { app } from "./chats.ts";

const { PORT = "3002" } = process.env;
const folder = import.meta.dirname;

const bundle = await build({
	entryPoints: [join(folder, "main.tsx")],
	bundle: true,
	write: false,
	format: "esm",
	jsx: "automatic",
});
const page = await readFile(join(folder, "index.html"), "utf8");
app.get("/", (c) => c.html(page));
app.get("/main.js", (c) => c.body(bundle.outputFiles[0]?.text ?? "", 200, { "Content-Type": "text/javascript" }));

// Hono runs on Node with `@hono/node-server`, or with these few lines: no answer of this backend is a stream.
const server = createServer(async (request, response) => {
	const { url = "/", method = "GET" } = request;
	const body = await text(request);
	const answer = await app.request(url, { method, ...(body && { body }) });
	response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
});
server.listen(Number(PORT), "localhost", () => {
	console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
