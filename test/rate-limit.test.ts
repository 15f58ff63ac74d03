import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../src/http/app.ts";
import { TestIssuer } from "./support/issuer.ts";
import { freshChannel, PUBLISH_KEY, problem } from "./support/service.ts";
import { SocketReader } from "./support/socket.ts";

let issuer: TestIssuer;
let alice: string;
/** Whom the limit was asked about. */
let counted: string[] = [];
let allowed = 0;

beforeAll(async () => {
	issuer = await TestIssuer.start();
	alice = await issuer.token();
});

beforeEach(() => {
	counted = [];
	allowed = 0;
});

const limit: RateLimit = {
	limit: async ({ key }) => {
		counted.push(key);
		return { success: counted.length <= allowed };
	},
};

/** Calls a service whose limit is the one above. */
async function limited(request: Request): Promise<Response> {
	return await createApp({}).fetch(request, { ...env, SUBSCRIBE_RATE_LIMIT: limit }, createExecutionContext());
}

function request(method: string, path: string, credential: string, body?: object): Request {
	const headers = { Authorization: `Bearer ${credential}`, "Content-Type": "application/json" };
	return new Request(`http://tidings.test${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
}

describe("the limit of a user's subscribing", () => {
	it.each([
		["GET", "/events?channel=chat:1"],
		["PUT", "/connections/x"],
		["POST", "/tickets"],
	])("counts %s %s for the user of the token", async (method, path) => {
		const response = await limited(request(method, path, alice));
		expect(response.headers.get("Retry-After")).toBe("10");
		expect(await problem(response)).toMatchObject({ status: 429, code: "rate_limited" });
		expect(counted).toEqual(["alice"]);
	});

	it("counts the streams of a ticket for its user, and not the making of the ticket by a publish key", async () => {
		const channel = freshChannel();
		const made = await limited(request("POST", "/tickets", PUBLISH_KEY, { user: "carol", channels: [channel] }));
		expect(counted).toEqual([]);
		const { ticket } = (await made.json()) as { ticket: string };
		const response = await limited(new Request(`http://tidings.test/events?channel=${channel}&ticket=${ticket}`));
		expect(response.status).toBe(429);
		expect(counted).toEqual(["carol"]);
	});

	it("counts each `auth` of a WebSocket, and ends it with 1013", async () => {
		allowed = 1;
		const socket = await SocketReader.open({}, limited);
		socket.send({ type: "auth", token: alice, channels: [freshChannel()] });
		expect(await socket.next()).toMatchObject({ type: "connected" });
		socket.send({ type: "auth", token: alice });
		expect(await socket.next()).toMatchObject({ type: "error", code: "rate_limited" });
		expect(await socket.closed()).toBe(1013);
		expect(counted).toEqual(["alice", "alice"]);
	});

	it("does not count what is refused for its credentials", async () => {
		expect((await limited(request("GET", "/events?channel=chat:1", "no-token"))).status).toBe(401);
		expect(counted).toEqual([]);
	});

	it("is the deployment's own: 600 in 10 seconds", async () => {
		let count = 0;
		// A new period may begin meanwhile.
		while (count < 1201 && (await env.SUBSCRIBE_RATE_LIMIT.limit({ key: "dora" })).success) count += 1;
		expect(count).toBeGreaterThanOrEqual(600);
		expect(count).toBeLessThanOrEqual(1200);
		expect(await env.SUBSCRIBE_RATE_LIMIT.limit({ key: "eve" })).toEqual({ success: true });
	});
});
