import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/** The question for a password at a terminal, which a pseudo-terminal of Python's is. */

const PROMPT = join(import.meta.dirname, "../../scripts/prompt.ts");
const PROGRAM = `
	import { askSecretly } from ${JSON.stringify(PROMPT)};
	console.log("It was " + JSON.stringify(await askSecretly("Password: ")));
`;
const TERMINAL = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "--input-type=module", "-e", sys.argv[2]])
shown = b""
def read():
    global shown
    try:
        piece = os.read(terminal, 1024)
    except OSError:
        return False
    shown += piece
    return piece != b""
while b"Password: " not in shown and read(): pass
os.write(terminal, sys.argv[3].encode())
while read(): pass
sys.stdout.buffer.write(shown)
sys.exit(1 if os.waitpid(pid, 0)[1] else 0)
`;

const hasPython = spawnSync("python3", ["--version"]).status === 0;

/** What stands on the terminal when somebody has typed, and whether the program ended well. */
function type(keys: string): { shown: string; endedWell: boolean } {
	const { stdout, status } = spawnSync("python3", ["-c", TERMINAL, process.execPath, PROGRAM, keys], {
		timeout: 30_000,
	});
	return { shown: stdout.toString().replaceAll("\r\n", "\n"), endedWell: status === 0 };
}

describe.skipIf(!hasPython)("a password that is asked for", () => {
	it("is not shown while it is typed", () => {
		expect(type("correct horse\r")).toEqual({ shown: 'Password: \nIt was "correct horse"\n', endedWell: true });
	});

	it("can be corrected with the backspace key", () => {
		expect(type("correct hoots\x7f\x7f\x7frse\r").shown).toBe('Password: \nIt was "correct horse"\n');
	});

	it("can be refused with Ctrl-C, which ends the command", () => {
		const { shown, endedWell } = type("corr\x03");
		expect(shown).not.toContain("It was");
		expect(endedWell).toBe(false);
	});
});
