import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CuttableProxy } from "../e2e/support/cuttable-proxy.ts";
import { node20 } from "../e2e/support/node20.ts";
import { PUBLISH_KEY, type Service, startService } from "../e2e/support/servers.ts";
import { eventually, ROOT, type Run, run } from "./support/run.ts";

let service: Service;
let proxy: CuttableProxy;
/** The folder of somebody who has installed the package. */
let folder: string;

beforeAll(async () => {
	service = await startService({ RETRY_MILLISECONDS: "50" });
	proxy = await CuttableProxy.to(service.url);
	folder = await mkdtemp(join(tmpdir(), "tidings-node20-"));
	await mkdir(join(folder, "node_modules"));
	await symlink(ROOT, join(folder, "node_modules/tidings"));
	for (const name of ["subscribe", "publish"]) {
		const { code } = await transform(await readFile(join(ROOT, `examples/node/${name}.ts`), "utf8"), { loader: "ts" });
		await writeFile(join(folder, `${name}.mjs`), code);
	}
});

afterAll(async () => {
	await proxy.stop();
	await service.stop();
	await rm(folder, { recursive: true });
});

/** An example for Node, without its types: Node 20 does not strip them. */
function runOnNode20(name: string, ...args: string[]): Run {
	const settings = { TIDINGS_URL: proxy.url, TIDINGS_KEY: PUBLISH_KEY, ISSUER_URL: service.issuerUrl };
	return run(node20 ?? "", [join(folder, `${name}.mjs`), ...args], settings);
}

describe.skipIf(node20 === undefined)("the package as it is installed, on Node 20", () => {
	it("publishes and subscribes, and goes on after the network has failed both", async () => {
		const subscriber = runOnNode20("subscribe");
		await eventually(() => subscriber.stderr).toMatch(/^open$/m);
		proxy.cut();
		const publisher = runOnNode20("publish", "1");
		await eventually(() => subscriber.stderr).toMatch(/^waiting$/m);
		proxy.mend();
		expect([await publisher.code, publisher.stderr]).toEqual([0, ""]);
		await eventually(() => subscriber.stdout).toBe(`${publisher.stdout.trim()} order {"id":1,"state":"paid"}\n`);
		subscriber.signal("SIGINT");
		expect(await subscriber.code).toBe(0);
	});
});
