import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);

let server: ChildProcess;
let state: string;
let output = "";

async function freePort(): Promise<string> {
	const probe = createServer().listen(0, "127.0.0.1");
	await once(probe, "listening");
	const { port } = probe.address() as AddressInfo;
	probe.close();
	await once(probe, "close");
	return String(port);
}

/** Resolves when what a process prints holds a text; rejects when it ends before. */
function printed(child: ChildProcess, text: string): Promise<void> {
	return new Promise((resolve, reject) => {
		for (const stream of [child.stdout, child.stderr]) {
			stream?.on("data", (chunk) => {
				output += chunk;
				if (output.includes(text)) resolve();
			});
		}
		child.once("exit", (code) => reject(new Error(`It ended with code ${code}:\n${output}`)));
	});
}

beforeAll(async () => {
	state = await mkdtemp(join(tmpdir(), "tidings-start-"));
	const ports = ["--port", await freePort(), "--issuer-port", await freePort()];
	// A group of its own, so that the whole of it can be stopped.
	server = spawn("npm", ["start", "--", ...ports, "--state", state], { cwd: ROOT, detached: true });
	await printed(server, "Stop with Ctrl-C");
});

afterAll(async () => {
	server.removeAllListeners("exit");
	const ended = once(server, "exit");
	process.kill(-(server.pid ?? 0), "SIGINT");
	await ended;
	await rm(state, { recursive: true, maxRetries: 10, retryDelay: 100 });
});

describe("npm start", () => {
	it("says at once that it starts", () => {
		expect(output.indexOf("This takes a few seconds.")).toBeGreaterThan(0);
		expect(output.indexOf("This takes a few seconds.")).toBeLessThan(output.indexOf("tidings  "));
	});

	it("names a port that is taken, and starts nothing", async () => {
		const taken = createServer().listen(0, "localhost");
		await once(taken, "listening");
		const { port } = taken.address() as AddressInfo;
		const failed = run(process.execPath, ["scripts/start.ts", "--port", String(port), "--state", state], { cwd: ROOT });
		await expect(failed).rejects.toMatchObject({
			code: 1,
			stderr: `Port ${port} cannot be used (EADDRINUSE). Choose others: npm start -- --port 9787 --issuer-port 9788\n`,
		});
		taken.close();
	});

	it("names a folder that cannot be used", async () => {
		const failed = run(process.execPath, ["scripts/start.ts", "--state", "package.json"], { cwd: ROOT });
		await expect(failed).rejects.toMatchObject({
			code: 1,
			stderr: expect.stringMatching(/^The folder package\.json .*\n$/),
		});
	});

	it("says where things are, and who can log in", () => {
		expect(output).toMatch(/tidings +http:\/\/localhost:\d+/);
		expect(output).toMatch(/identity provider +http:\/\/localhost:\d+ +\(demo user: demo, password: demo\)/);
	});

	it("prints a line that subscribes and one that publishes, and both work when pasted", async () => {
		const line = (start: string) => output.split("\n").find((each) => each.trim().startsWith(start)) ?? "";
		const subscriber = spawn("bash", ["-c", line("TOKEN=")], { detached: true });
		let received = "";
		const got = (text: string) =>
			new Promise<void>((resolve) => {
				subscriber.stdout.on("data", (chunk) => {
					received += chunk;
					if (received.includes(text)) resolve();
				});
			});
		await got("event: connected");
		const order = got("event: order");
		const { stdout } = await run("bash", ["-c", line("curl ")]);
		expect(JSON.parse(stdout)).toEqual({ channel: "orders", ids: [expect.any(String)], subscribers: 1 });
		await order;
		expect(received).toContain('data: {"id":7,"state":"paid"}');
		process.kill(-(subscriber.pid ?? 0), "SIGKILL");
	});
});
