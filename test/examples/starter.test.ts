import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestHarness, type TestHarness } from "wrangler";
import { node20 } from "../e2e/support/node20.ts";
import { codeOf, firstMessage, openStream, send } from "../e2e/support/servers.ts";
import { ROOT } from "./support/run.ts";

const PUBLISH_KEY = "a-publish-key-of-the-starter-0123456789";
const SECRETS = {
	PUBLISH_KEYS: PUBLISH_KEY,
	TICKET_SECRET: "a-ticket-secret-of-the-starter-0123456789",
	SESSION_SECRET: "a-session-secret-of-the-starter-0123456789",
};
/** The starter in a folder of its own, as its user has it. */
let folder: string;
let server: TestHarness;
let url: string;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "tidings-starter-"));
	await cp(join(ROOT, "examples/starter"), folder, { recursive: true });
	await installed();
	server = createTestHarness({ root: folder, workers: [{ configPath: "./wrangler.toml", secrets: SECRETS }] });
	url = (await server.listen()).url.origin;
});

afterAll(async () => {
	await server.close();
	await rm(folder, { recursive: true });
});

/** What `npm install` would put there, with what was built as the package. */
async function installed(): Promise<void> {
	const modules = join(folder, "node_modules");
	await rm(modules, { recursive: true, force: true });
	await mkdir(join(modules, ".bin"), { recursive: true });
	const { dependencies, devDependencies } = await manifestOf(folder);
	for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
		const source = name === "tidings" ? ROOT : join(ROOT, "node_modules", name);
		await symlink(source, join(modules, name));
		const { bin = {} } = await manifestOf(source);
		for (const [command, path] of Object.entries(bin))
			await symlink(join(source, path), join(modules, ".bin", command));
	}
}

async function manifestOf(folder: string): Promise<Record<string, Record<string, string> | undefined>> {
	return JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
}

async function newSession(): Promise<{ user: string; token: string }> {
	const response = await fetch(`${url}/session`, { method: "POST" });
	return (await response.json()) as { user: string; token: string };
}

/** What an `EventSource` with a session gets first of all. */
async function received(token: string, channel: string, path: string, data: string): Promise<string> {
	const stream = firstMessage(`${url}/sse`, token, channel);
	await stream.connected;
	expect((await send(`${url}/sse`, path, PUBLISH_KEY, { data })).status).toBe(201);
	const message = await stream.message;
	stream.leave();
	return message;
}

describe("the starter", () => {
	it("streams what is published to whoever has a session of its own", async () => {
		const { token } = await newSession();
		expect(await received(token, "room:1", "/channels/room:1", "hello")).toBe("hello");
	});

	it("streams to one user what is theirs", async () => {
		const { user, token } = await newSession();
		expect(await received(token, `user:${user}`, `/users/${user}`, "for you")).toBe("for you");
	});

	it("makes tickets for its sessions", async () => {
		const { token } = await newSession();
		const made = await fetch(`${url}/sse/tickets`, { method: "POST", headers: { Authorization: `Bearer ${token}` } });
		const { ticket } = (await made.json()) as { ticket: string };
		const stream = await fetch(`${url}/sse/events?channel=room:1&ticket=${ticket}`);
		expect(stream.status).toBe(200);
		await stream.body?.cancel();
	});

	it("turns away who has no session, and where its hook says no", async () => {
		const { token } = await newSession();
		expect(await codeOf(await openStream(`${url}/sse`, "nobody", "room:1"))).toEqual([401, "invalid_token"]);
		expect(await codeOf(await openStream(`${url}/sse`, `${token}x`, "room:1"))).toEqual([401, "invalid_token"]);
		expect(await codeOf(await openStream(`${url}/sse`, token, "room:staff"))).toEqual([403, "insufficient_scope"]);
		expect(await codeOf(await openStream(`${url}/sse`, token, "orders"))).toEqual([403, "insufficient_scope"]);
	});

	it.skipIf(node20 === undefined)(
		"has code whose types are right, and scripts that run for a user with Node 20",
		() => {
			const PATH = [dirname(node20 ?? ""), process.env.PATH].join(delimiter);
			const { status, stdout, stderr } = spawnSync("npm", ["run", "check"], {
				cwd: folder,
				encoding: "utf8",
				env: { ...process.env, PATH },
			});
			expect(status, stdout + stderr).toBe(0);
		},
	);
});
