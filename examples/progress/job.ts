/** A job, and a page that shows how far it is, however often it is loaded again: npx node examples/progress/job.ts */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { createPublisher } from "tidings/publish";

const { TIDINGS_URL: url = "http://localhost:8787", PORT = "3003", STEP_MILLISECONDS = "300" } = process.env;
const { TIDINGS_KEY: key = "local-publish-key-0123456789abcdef", LEASE_SECONDS = "30" } = process.env;
const channel = `progress:${crypto.randomUUID()}`;

async function* job() {
	for (let data = 1; data <= 100; data += 1) {
		await setTimeout(Number(STEP_MILLISECONDS));
		yield { data };
	}
}

const page = await readFile(new URL("index.html", import.meta.url), "utf8");
const server = createServer(async (_, response) => {
	const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
	const body = JSON.stringify({ user: "alice", channels: [channel], resumable: true });
	const { ticket } = await (await fetch(`${url}/tickets`, { method: "POST", headers, body })).json();
	const stream = `${url}/events?channel=${channel}&rewind=1&ticket=${ticket}`;
	response.setHeader("Content-Type", "text/html").end(page.replace("STREAM", stream));
});
server.listen(Number(PORT), "localhost", () => {
	console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});

await createPublisher({ url, key }).pipe(channel, job(), { end: true, lease: Number(LEASE_SECONDS) });
