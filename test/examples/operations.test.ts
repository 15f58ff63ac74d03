import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Service, startService } from "../e2e/support/servers.ts";
import { isInstalled, ROOT, run } from "./support/run.ts";

/** The commands of docs/operations.md, one after the other. Those of wrangler want an account, and are left out. */

const page = await readFile(join(ROOT, "docs/operations.md"), "utf8");
const blocks = [...page.matchAll(/^( *)```bash\n(.*?)^\1```$/gms)].map(([, , code = ""]) => code);
const commands = blocks.filter((code) => !code.includes("npx wrangler"));
/** A refusal ends the script. */
const STRICT = 'set -euo pipefail\ncurl() { command curl --fail-with-body "$@"; }\n';
let service: Service;

beforeAll(async () => {
	service = await startService();
});

afterAll(() => service.stop());

describe.skipIf(!isInstalled("curl"))("docs/operations.md", () => {
	it("has commands that work", async () => {
		const script = STRICT + commands.join("").replaceAll("http://localhost:8787", service.url);
		const shell = run("bash", ["-c", script], {});
		expect([await shell.code, shell.stderr]).toEqual([0, ""]);
		expect(shell.stdout.trim().split("\n")).toEqual([
			"The probe came through.",
			expect.stringMatching(/^{"channel":"orders","head":"0"/),
			"[]",
			'{"channel":"orders","ended":0}',
			'{"channel":"user:alice","ended":0}',
			expect.stringMatching(/^{"channel":"orders","ids":/),
			expect.stringMatching(/^{"channel":"orders:eu","ids":/),
			"[]",
			'{"channel":"orders","ended":0}',
		]);
	});
});
