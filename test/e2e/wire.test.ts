import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PUBLISH_KEY, type Service, startService } from "./support/servers.ts";

/** What clients that make URLs by hand can send, and `fetch` cannot. */

let service: Service;

beforeAll(async () => {
	service = await startService();
});

afterAll(() => service.stop());

/** Sends a request as it stands, and answers with what comes back. */
async function send(method: string, target: string, host = "localhost", body = ""): Promise<string> {
	const { hostname, port } = new URL(service.url);
	const socket = connect({ host: hostname, port: Number(port) });
	const headers = [
		`Host: ${host}`,
		`Authorization: Bearer ${PUBLISH_KEY}`,
		"Content-Type: text/plain",
		`Content-Length: ${body.length}`,
		"Connection: close",
	];
	socket.write(`${method} ${target} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n${body}`);
	return await text(socket);
}

describe("a path as it stands", () => {
	it.each([
		["/users/%2E/events", "user:."],
		["/users/./events", "user:."],
		["/users/%2e%2E/events", "user:.."],
		["/users/../events", "user:.."],
		["/users/a\\b/events", "user:a~5Cb"],
		["/users/josé/events", "user:jos~C3~A9"],
	])("%s is the subject's channel, and nobody else's", async (target, channel) => {
		expect(await send("POST", target, "localhost", "hello")).toContain(`"channel":"${channel}"`);
	});

	it.each(["/users/a/b/events", "//users/alice/events", "/users/alice/events/"])("%s is no route's", async (target) => {
		expect(await send("POST", target, "localhost", "hello")).toMatch(/^HTTP\/1.1 404 .*"not_found"/s);
	});
});

describe("a query as it stands", () => {
	it("may have characters that are not encoded, and no lone percent sign", async () => {
		expect(await send("DELETE", "/channels/orders/subscribers?user=josé", "localhost")).toContain('"ended":0');
		expect(await send("DELETE", "/channels/orders/subscribers?user=100%", "localhost")).toMatch(
			/^HTTP\/1.1 400 .*"invalid_request"/s,
		);
	});
});

describe("a Host that is none", () => {
	it.each(["a b", "[", "%", "x:99999999"])("is refused: %j", async (host) => {
		expect(await send("GET", "/health", host)).toMatch(/^HTTP\/1.1 400 .*"invalid_request"/s);
	});
});
