import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { answer, CONNECTED, eventFrame, startDouble, stream } from "./support/double.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Answers with the ids of what it has published and received. */
const WORKER = `
	import { connect } from "./src/client/connect.ts";
	import { createPublisher } from "./src/client/publish.ts";
	export default {
		async fetch(request) {
			const url = new URL(request.url).searchParams.get("service");
			if (request.url.includes("stay")) {
				const orders = createPublisher({ url, key: "a-publish-key" }).channel("orders");
				const receipts = await Promise.all([1, 2].map((data) => orders.publish({ data })));
				await orders.close();
				return Response.json(receipts.flatMap(({ ids }) => ids));
			}
			if (request.url.includes("pipe")) {
				async function* events() {
					yield { data: 1 };
					// The request is on its way by then.
					if (request.url.includes("fails")) await scheduler.wait(200);
					if (request.url.includes("fails")) throw new Error("The model is away.");
				}
				const publisher = createPublisher({ url, key: "a-publish-key" });
				const receipt = publisher.pipe("orders", events(), { end: true });
				return Response.json(await receipt.catch(({ message }) => message));
			}
			const { ids } = await createPublisher({ url, key: "a-publish-key" }).publish("orders", { data: 1 });
			const connection = connect({ url, channels: ["orders"], getTicket: () => "a-ticket" });
			for await (const { id } of connection) {
				connection.close();
				return Response.json([...ids, id]);
			}
		},
	};
`;

let folder: string;
let workerd: ChildProcess;
let url: string;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "tidings-in-worker-"));
	const stdin = { contents: WORKER, resolveDir: ROOT };
	await build({ stdin, bundle: true, format: "esm", outfile: join(folder, "worker.js") });
	const config = join(folder, "config.capnp");
	await writeFile(
		config,
		`using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = (modules = [(name = "w", esModule = embed "worker.js")], compatibilityDate = "2024-04-03")),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);
`,
	);
	workerd = spawn(join(ROOT, "node_modules/workerd/bin/workerd"), ["serve", config, "--control-fd=3"], {
		stdio: ["ignore", "ignore", "inherit", "pipe"],
	});
	for await (const line of createInterface(workerd.stdio[3] as Readable)) {
		url = `http://127.0.0.1:${JSON.parse(line).port}`;
		break;
	}
});

afterAll(async () => {
	workerd.kill("SIGKILL");
	await rm(folder, { recursive: true });
});

describe("the client and the publisher in a Worker", () => {
	it("run at a compatibility date at which `cache` and some redirects throw", async () => {
		const receipt = { channel: "orders", ids: ["101"], subscribers: 0 };
		const service = await startDouble(answer(201, {}, receipt), stream(CONNECTED, eventFrame("102")));
		const response = await fetch(`${url}/?service=${encodeURIComponent(service.url)}`);
		expect([response.status, await response.text()]).toEqual([200, '["101","102"]']);
	});

	it("publish what a stream brings, whose failure breaks the request off", async () => {
		const receipt = { channel: "orders", first: "1", last: "1", events: 1, subscribers: 0 };
		const service = await startDouble(answer(201, {}, receipt));
		const pipe = async (path: string) =>
			(await fetch(`${url}/${path}?service=${encodeURIComponent(service.url)}`)).json();
		expect(await pipe("pipe")).toEqual(receipt);
		expect(await pipe("pipe-fails")).toBe("The model is away.");
		await expect
			.poll(() => service.asked.map(({ complete, destroyed }) => [complete, destroyed]))
			.toEqual([
				[true, true],
				[false, true],
			]);
	});

	it("publish over a WebSocket, which `fetch` opens with the key", async () => {
		const service = new WebSocketServer({ port: 0, host: "127.0.0.1" });
		const keys: (string | undefined)[] = [];
		service.on("connection", (socket, { headers, url }) => {
			keys.push(`${url} ${headers.authorization}`);
			socket.on("message", (message) => {
				const { ref } = JSON.parse(`${message}`) as { ref: number };
				socket.send(JSON.stringify({ ref, ids: [`${ref}`], subscribers: 0 }));
			});
		});
		await once(service, "listening");
		const address = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
		const response = await fetch(`${url}/stay?service=${encodeURIComponent(address)}`);
		expect([response.status, await response.text()]).toEqual([200, '["0","1"]']);
		expect(keys).toEqual(["/channels/orders/publish Bearer a-publish-key"]);
		for (const client of service.clients) client.terminate();
		service.close();
	});
});
