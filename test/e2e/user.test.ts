import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

let state: string;

beforeAll(async () => {
	state = await mkdtemp(join(tmpdir(), "tidings-user-"));
});

afterAll(() => rm(state, { recursive: true, maxRetries: 10, retryDelay: 100 }));

/** Runs `npm run user`, and answers with what it printed and how it ended. */
function user(args: string[], input = ""): Promise<{ code: number; output: string }> {
	return new Promise((resolve) => {
		const command = execFile(
			process.execPath,
			["scripts/user.ts", ...args, "--state", state],
			{ cwd: ROOT },
			(error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
		);
		command.stdin?.end(input);
	});
}

describe("npm run user", () => {
	it("adds a user with a password from standard input, on a machine where nothing was started yet", async () => {
		const added = await user(["add", "alice", "--channels", "orders chat:*"], "correct horse\n");
		expect(added).toEqual({ code: 0, output: "alice can log in, and may read orders chat:*.\n" });
	});

	it("disables and enables, and grants channels", async () => {
		expect(await user(["disable", "alice"])).toMatchObject({ code: 0 });
		expect((await user(["list"])).output).toBe("alice\torders chat:*\t(disabled)\n");
		expect(await user(["enable", "alice"])).toMatchObject({ code: 0 });
		expect(await user(["grant", "alice", "--channels", "public:*"])).toMatchObject({ code: 0 });
	});

	it("says what to do when something is wrong, and changes nothing", async () => {
		const cases: [string[], number, RegExp][] = [
			[["add", "alice"], 1, /The user alice exists already/],
			[["add", "a'b"], 1, /The username must be/],
			[["add", "bob", "--channels", "*:x"], 1, /"\*:x" is not a channel/],
			[["grant", "nobody", "--channels", "orders"], 1, /There is no user nobody/],
			[["add", "bob", "a password"], 2, /is not expected\. The command asks for the password/],
			[["remove", "alice"], 2, /There is no command "remove"/],
		];
		for (const [args, expected, message] of cases) {
			const { code, output } = await user(args, "another password");
			expect(code).toBe(expected);
			expect(output).toMatch(message);
		}
		expect((await user(["add", "bob"], "short")).output).toMatch(/must have 8 to 256/);
		expect((await user(["list"])).output).toBe("alice\tpublic:*\t\n");
	});
});
