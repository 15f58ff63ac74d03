import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "./support/run.ts";

/** Readers paste commands into zsh too: by default, it passes `#` and what follows it on as arguments. */
const COMMENT = /(^|\s)#/;
/** And it takes these for patterns of file names, outside of quotes. */
const UNQUOTED_PATTERN = /(^|\s)https?:\/\/[^\s"']*[?*[]/;

/** The lines of all shell blocks of all pages, each behind the name of its page. */
async function commands(): Promise<string[]> {
	const lines: string[] = [];
	for await (const page of glob(["*.md", "{docs,examples,issuer,bench}/**/*.md"], { cwd: ROOT })) {
		if (page.includes("node_modules")) continue;
		const text = await readFile(join(ROOT, page), "utf8");
		for (const [, , code = ""] of text.matchAll(/^( *)```(?:bash|sh)\n(.*?)^\1```$/gms)) {
			lines.push(...code.split("\n").map((line) => `${page}: ${line}`));
		}
	}
	return lines;
}

it("no command in the documentation has a comment, an unquoted pattern in its URL, or a space at its end", async () => {
	const lines = await commands();
	expect(lines.length).toBeGreaterThan(100);
	expect(lines.filter((line) => COMMENT.test(line) || UNQUOTED_PATTERN.test(line) || /\\\s+$/.test(line))).toEqual([]);
});
