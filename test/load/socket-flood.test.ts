import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { Workerd } from "../../scripts/workerd.ts";

const SOCKETS = 4;
const MESSAGES = 1000;
const MESSAGE_BYTES = 1_000_000;
const MAX_GROWTH_MEGABYTES = 150;
const TEXT = 0x81;

/** An identity provider that never answers: whoever sends a token has to wait, and so does what follows. */
const provider = createServer();
let server: Workerd;

beforeAll(async () => {
	provider.listen(0, "127.0.0.1");
	await once(provider, "listening");
	const { port } = provider.address() as AddressInfo;
	const settings = { JWKS_URL: `http://127.0.0.1:${port}/`, JWT_ISSUER: "issuer", JWT_AUDIENCE: "audience" };
	server = await Workerd.start(settings, { built: inject("built") });
	await fetch(`${server.url}/health`);
});

afterAll(async () => {
	provider.closeAllConnections();
	provider.close();
	await server.stop();
});

/** A WebSocket that reads nothing, so that it sends on after it was closed. */
async function open(): Promise<Socket> {
	const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
	socket.on("error", () => undefined);
	const headers = ["Host: tidings", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"];
	const key = `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`;
	socket.write(["GET /ws HTTP/1.1", ...headers, key, "", ""].join("\r\n"));
	await once(socket, "data");
	socket.resume();
	return socket;
}

/** A message as a client sends it (RFC 6455, section 5.2), masked with zeros. */
function message(text: string): Buffer {
	const header = Buffer.alloc(14);
	header[0] = TEXT;
	header[1] = 0x80 | 127;
	header.writeBigUInt64BE(BigInt(text.length), 2);
	return Buffer.concat([header, Buffer.from(text)]);
}

function part(value: object): string {
	return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** Sends as much as it can; answers how many messages went out. */
async function flood(socket: Socket): Promise<number> {
	const claims = { sub: "alice", iss: "issuer", aud: "audience", exp: Date.now() };
	const token = `${part({ alg: "RS256", kid: "unknown" })}.${part(claims)}.${"A".repeat(342)}`;
	socket.write(message(JSON.stringify({ type: "auth", token, channels: ["orders"] })));
	const large = message("x".repeat(MESSAGE_BYTES));
	for (let sent = 0; sent < MESSAGES; sent += 1) {
		const written = await new Promise((resolve) => socket.write(large, (error) => resolve(!error)));
		if (!written) return sent;
	}
	return MESSAGES;
}

function megabytes(): number {
	return Number(execFileSync("ps", ["-o", "rss=", "-p", String(server.pid)], { encoding: "utf8" })) / 1024;
}

it("four WebSockets that send large messages without end are cut off before they take much memory", async () => {
	const before = megabytes();
	const sockets = await Promise.all(Array.from({ length: SOCKETS }, open));
	let most = 0;
	const watch = setInterval(() => {
		most = Math.max(most, megabytes());
	}, 20);
	const sent = await Promise.all(sockets.map(flood));
	clearInterval(watch);
	for (const count of sent) expect(count).toBeLessThan(MESSAGES);
	expect(Math.max(most, megabytes()) - before).toBeLessThan(MAX_GROWTH_MEGABYTES);
	expect((await fetch(`${server.url}/health`)).status).toBe(200);
});
