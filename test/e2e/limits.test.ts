import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestHarness } from "wrangler";
import { PUBLISH_KEY, SETTINGS } from "../../scripts/workerd.ts";
import { DELIVERY, publish, ticketOf } from "./support/servers.ts";

const ROOT = join(import.meta.dirname, "../..");
const LIMITS = { DELIVERY, MAX_SUBSCRIBERS: "3", MAX_CONNECTIONS_PER_USER: "2", MAX_EVENT_BYTES: "10" };
const server = createTestHarness();
let folder = "";
let url = "";

beforeAll(async () => {
	// The deployed configuration, with a rate limit that a test can reach.
	const config = (await readFile(join(ROOT, "wrangler.toml"), "utf8"))
		.replace("src/worker.ts", join(ROOT, "src/worker.ts"))
		.replace("console/dist", join(ROOT, "console/dist"))
		.replace(/simple = .*/, "simple = { limit = 5, period = 10 }");
	folder = await mkdtemp(join(tmpdir(), "tidings-limits-"));
	const configPath = join(folder, "wrangler.toml");
	await writeFile(configPath, config);
	await server.update({ root: ROOT, workers: [{ configPath, secrets: { ...SETTINGS, ...LIMITS } }] });
	url = (await server.listen()).url.origin;
});

afterAll(async () => {
	await server.close();
	await rm(folder, { recursive: true });
});

/** Opens a stream; answers with its response and a way to leave. */
async function open(user: string): Promise<{ response: Response; leave: () => void }> {
	const abort = new AbortController();
	const ticket = await ticketOf({ url }, PUBLISH_KEY, { user, channels: ["limited"] });
	const response = await fetch(`${url}/events?channel=limited&ticket=${ticket}`, { signal: abort.signal });
	return { response, leave: () => abort.abort() };
}

async function expectLimit(response: Response, status: number, code: string): Promise<void> {
	expect(response.status).toBe(status);
	expect(Number(response.headers.get("Retry-After"))).toBeGreaterThan(0);
	expect(await response.json()).toMatchObject({ status, code });
}

describe("limits", () => {
	it("of streams, a user's and a channel's, answer as they should, and there is room again when somebody leaves", async () => {
		const first = await open("a");
		const second = await open("a");
		await expectLimit((await open("a")).response, 429, "too_many_connections");
		const third = await open("b");
		await expectLimit((await open("c")).response, 503, "channel_full");
		first.leave();
		// A client that has left is found at the next write.
		await expect
			.poll(
				async () => {
					await publish({ url }, "limited", { data: 1 }).catch(() => undefined);
					const { response, leave } = await open("c");
					leave();
					return response.status;
				},
				{ timeout: 30_000, interval: 500 },
			)
			.toBe(200);
		second.leave();
		third.leave();
	});

	it("of publishing answer 429, and go away by themselves", async () => {
		const headers = { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "application/json" };
		const send = () => fetch(`${url}/channels/other/events`, { method: "POST", headers, body: '{"data":1}' });
		const answers: Response[] = [];
		for (let publish = 0; publish < 12; publish += 1) answers.push(await send());
		const refused = answers.filter(({ status }) => status !== 201);
		expect(refused.length).toBeGreaterThan(0);
		for (const response of refused) await expectLimit(response, 429, "rate_limited");
		await expect.poll(async () => (await send()).status, { timeout: 30_000, interval: 1000 }).toBe(201);
	});

	it("of an event's size answer 413", async () => {
		await expect
			.poll(
				async () => {
					const response = await fetch(`${url}/channels/other/events`, {
						method: "POST",
						headers: { Authorization: `Bearer ${PUBLISH_KEY}`, "Content-Type": "text/plain" },
						body: "12345678901",
					});
					return response.status;
				},
				{ timeout: 30_000, interval: 1000 },
			)
			.toBe(413);
	});
});
