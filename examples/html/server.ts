/**
 * The backend of the page. It serves the page and the modules of `tidings/client`, and hands out tickets.
 *
 *     npx node examples/html/server.ts
 */
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const {
	TIDINGS_URL = "http://localhost:8787",
	TIDINGS_KEY = "local-publish-key-0123456789abcdef",
	PORT = "3000",
} = process.env;

const html = await readFile(new URL("index.html", import.meta.url), "utf8");
const page = html.replace("http://localhost:8787", TIDINGS_URL);
const client = import.meta.resolve("tidings/client");

async function answer(request: string, response: ServerResponse): Promise<void> {
	const [, module] = /^GET \/client\/([\w-]+\.js)$/.exec(request) ?? [];
	if (request === "GET /") {
		response.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
	} else if (request === "POST /ticket") {
		response.setHeader("Cache-Control", "no-store").end(await newTicket());
	} else if (module !== undefined) {
		response.setHeader("Content-Type", "text/javascript").end(await readFile(new URL(module, client)));
	} else {
		response.writeHead(404).end();
	}
}

/** Your backend knows from its session who the user is, and what they may read. Here, everyone is alice. */
async function newTicket(): Promise<string> {
	const response = await fetch(`${TIDINGS_URL}/tickets`, {
		method: "POST",
		headers: { Authorization: `Bearer ${TIDINGS_KEY}`, "Content-Type": "application/json" },
		body: JSON.stringify({ user: "alice", channels: ["orders"] }),
		signal: AbortSignal.timeout(5000),
	});
	const body = await response.text();
	if (!response.ok) throw new Error(body);
	return body;
}

const server = createServer((request, response) => {
	answer(`${request.method} ${request.url}`, response).catch((error: unknown) => {
		console.error(error);
		response.writeHead(502).end();
	});
});
server.listen(Number(PORT), "localhost", () => {
	console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
