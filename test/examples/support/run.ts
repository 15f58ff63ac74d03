import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, expect, vi } from "vitest";

export const ROOT = join(import.meta.dirname, "../../..");
const TIMEOUT = { timeout: 20_000 };
const children: ChildProcess[] = [];

// Whatever a test has left running ends with its file, also when it has failed.
afterAll(() => {
	for (const child of children) child.kill();
});

/** An example as its user runs it. */
export interface Run {
	stdout: string;
	stderr: string;
	/** How it ended. */
	code: Promise<number | null>;
	signal(name: NodeJS.Signals): void;
}

export function run(command: string, args: string[], env: Record<string, string>): Run {
	const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, ...env } });
	children.push(child);
	const run: Run = {
		stdout: "",
		stderr: "",
		code: once(child, "close").then(([code]) => code),
		signal: (name) => child.kill(name),
	};
	for (const name of ["stdout", "stderr"] as const) {
		child[name].setEncoding("utf8").on("data", (text: string) => {
			run[name] += text;
		});
	}
	return run;
}

/** A Node program in the folder of the examples. */
export function runNode(path: string, env: Record<string, string>, ...args: string[]): Run {
	return run(process.execPath, [join("examples", path), ...args], env);
}

/** Whether a command is there to be run. */
export function isInstalled(command: string): boolean {
	return spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;
}

/** The URL that a server has printed when it takes requests. */
export async function urlOf(server: Run): Promise<string> {
	await vi.waitFor(() => expect(server.stdout).toMatch(/^http:.*\n/), TIMEOUT);
	return server.stdout.trim();
}

/** Waits, in a test, for what takes a moment. */
export function eventually<Value>(look: () => Value) {
	return expect.poll(look, TIMEOUT);
}
