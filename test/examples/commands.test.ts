import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Service, startService } from "../e2e/support/servers.ts";
import { isInstalled, ROOT, run } from "./support/run.ts";

/** The commands of two pages, one after the other. Those of wrangler want an account, and are left out. */

/** A refusal ends the script. */
const STRICT = 'set -euo pipefail\ncurl() { command curl --fail-with-body "$@"; }\n';
let service: Service;

// Each has a service of its own: who is revoked on one page reads on the next.
beforeEach(async () => {
	service = await startService();
});

afterEach(() => service.stop());

/** What the commands of a page print. */
async function printedBy(page: string): Promise<string[]> {
	const text = await readFile(join(ROOT, page), "utf8");
	const blocks = [...text.matchAll(/^( *)```bash\n(.*?)^\1```$/gms)].map(([, , code = ""]) => code);
	const commands = blocks.filter((code) => !code.includes("npx wrangler")).join("");
	const located = commands
		.replaceAll("http://localhost:8787", service.url)
		.replaceAll("http://localhost:8788", service.issuerUrl);
	const shell = run("bash", ["-c", STRICT + located], {});
	expect([await shell.code, shell.stderr]).toEqual([0, ""]);
	return shell.stdout.trim().split("\n");
}

describe.skipIf(!isInstalled("curl"))("the commands", () => {
	it("of docs/operations.md work", async () => {
		expect(await printedBy("docs/operations.md")).toEqual([
			"The probe came through.",
			expect.stringMatching(/^{"channel":"orders","head":"0"/),
			"[]",
			"tidings_events_published_total 1",
			'tidings_events_published_total{channel="orders"} 0',
			'tidings_events_published_total{channel="probe"} 1',
			'{"channel":"orders","ended":0}',
			'{"channel":"user:alice","ended":0}',
			expect.stringMatching(/^{"channel":"orders","ids":/),
			expect.stringMatching(/^{"channel":"orders:eu","ids":/),
			"[]",
			'{"channel":"orders","ended":0}',
		]);
	});

	it("of docs/coming-from.md work", async () => {
		const lines = await printedBy("docs/coming-from.md");
		expect(lines[0]).toMatch(/^{"ticket":"/);
		expect(lines).toContain('data: {"id":7,"paid":true}');
		expect(lines.filter((line) => line.includes('"ids":'))).toHaveLength(5);
	});
});
