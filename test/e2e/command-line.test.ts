import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

interface Ended {
	code: number;
	stdout: string;
	stderr: string;
}

function run(script: string, args: string[]): Promise<Ended> {
	return new Promise((resolve) => {
		execFile(process.execPath, [script, ...args], { cwd: ROOT }, (error, stdout, stderr) =>
			resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
		);
	});
}

const COMMANDS = [
	["scripts/start.ts", "npm start --", ["--port", "--issuer-port", "--state"]],
	["scripts/user.ts", "npm run user --", ["--channels", "--remote", "--state"]],
	["bench/run.ts", "npm run bench --", ["--cases", "--servers", "--rounds", "--quick"]],
	["soak/run.ts", "npm run soak --", ["--seconds", "--delivery", "--crowd-size"]],
] as const;

describe.each(COMMANDS)("%s", (script, command, options) => {
	it("tells with --help what it takes", async () => {
		const { code, stdout, stderr } = await run(script, ["--help"]);
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(stdout.startsWith(command)).toBe(true);
		for (const option of [...options, "--help"]) expect(stdout).toContain(`  ${option}`);
	});

	it("says in a line what is wrong with an unknown option", async () => {
		const stderr = `Unknown option '--nope'. For help: ${command} --help\n`;
		expect(await run(script, ["--nope"])).toEqual({ code: 2, stdout: "", stderr });
	});
});

describe("a value that does not fit", () => {
	it.each([
		["scripts/start.ts", ["--port", "x"], '--port must be a whole number from 1 to 65535, not "x".'],
		["scripts/start.ts", ["9787"], '"9787" is not an option. npm needs -- before the options.'],
		["bench/run.ts", ["--rounds", "0"], '--rounds must be a whole number from 1 to 100, not "0".'],
		["bench/run.ts", ["--cases", "lone,strem"], "--cases must list some of lone, crowd, "],
		["bench/run.ts", ["--servers", "apache"], "--servers must list some of tidings, "],
		["soak/run.ts", ["--delivery", "none"], '--delivery must be direct, hibernate or both, not "none".'],
		["soak/run.ts", ["--crowd-size", "0"], '--crowd-size must be a whole number from 1 to 1000000, not "0".'],
		["soak/run.ts", ["--seconds", "-1"], "Option '--seconds' argument is ambiguous"],
	])("%s %j is refused", async (script, args, message) => {
		const { code, stdout, stderr } = await run(script, args);
		expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
		expect(stderr.startsWith(message)).toBe(true);
		expect(stderr).toContain("For help: npm ");
	});
});
