import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, expect, inject, it } from "vitest";
import { Workerd } from "../../scripts/workerd.ts";
import { DELIVERY, logIn } from "../e2e/support/servers.ts";

const HEARTBEAT_SECONDS = 1;
const PUBLISH_KEY = "a-publish-key-for-a-host-that-is-not-local";
/** The two ends of a cable (RFC 5737: addresses for examples). */
const HERE = "198.51.100.1";
const THERE = "198.51.100.2";
const NAMESPACE = `tidings-${process.pid}`;
const CABLE = `td${process.pid}`;

let server: Workerd;
let isAllowed = true;

beforeEach(async () => {
	try {
		ip("netns", "add", NAMESPACE);
		ip("link", "add", CABLE, "type", "veth", "peer", "name", "cable", "netns", NAMESPACE);
		ip("addr", "add", `${HERE}/30`, "dev", CABLE);
		ip("link", "set", CABLE, "up");
		ip("-n", NAMESPACE, "addr", "add", `${THERE}/30`, "dev", "cable");
		ip("-n", NAMESPACE, "link", "set", "cable", "up");
	} catch (error) {
		isAllowed = false;
		console.warn(`Network namespaces cannot be made here, so silence is not tested: ${error}`);
		return;
	}
	const issuerUrl = inject("issuerUrl");
	const settings = {
		DELIVERY,
		JWKS_URL: `${issuerUrl}/.well-known/jwks.json`,
		PUBLISH_KEYS: PUBLISH_KEY,
		TICKET_SECRET: PUBLISH_KEY,
		HEARTBEAT_SECONDS: String(HEARTBEAT_SECONDS),
	};
	server = await Workerd.start(settings, { built: inject("built"), host: HERE });
});

afterEach(async () => {
	await server?.stop();
	if (isAllowed) ip("netns", "del", NAMESPACE);
});

function ip(...args: string[]): void {
	execFileSync("ip", args, { stdio: "pipe" });
}

async function subscribersOf(channel: string): Promise<number> {
	const response = await fetch(`${server.url}/channels/${channel}`, {
		headers: { Authorization: `Bearer ${PUBLISH_KEY}` },
	});
	return ((await response.json()) as { subscribers: number }).subscribers;
}

it("a client whose network falls silent is gone after the signs of life that it missed", async () => {
	if (!isAllowed) return;
	const token = await logIn({ url: server.url, issuerUrl: inject("issuerUrl"), stop: () => server.stop() }, "alice");
	const client = spawn(
		"ip",
		[
			...["netns", "exec", NAMESPACE, process.execPath, join(import.meta.dirname, "quiet-client.ts")],
			...[server.url, token, "chat:spoken", "chat:streamed"],
		],
		{ stdio: ["ignore", "pipe", "inherit"] },
	);
	const exited = once(client, "exit");
	await once(client.stdout, "data");
	expect([await subscribersOf("chat:spoken"), await subscribersOf("chat:streamed")]).toEqual([1, 1]);
	// No FIN, no RST: packets go nowhere from here on.
	ip("link", "set", CABLE, "down");
	const seconds = (count: number) => ({ timeout: (count + 3) * HEARTBEAT_SECONDS * 1000, interval: 100 });
	await expect.poll(() => subscribersOf("chat:spoken"), seconds(2)).toBe(0);
	await expect.poll(() => subscribersOf("chat:streamed"), seconds(5)).toBe(0);
	client.kill("SIGKILL");
	await exited;
});
