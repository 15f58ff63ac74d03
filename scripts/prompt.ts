import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

/** Asks a question at the terminal without showing what is typed. */
export async function askSecretly(question: string): Promise<string> {
	const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
	const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
	process.stderr.write(question);
	try {
		return await terminal.question("");
	} finally {
		terminal.close();
		process.stderr.write("\n");
	}
}
