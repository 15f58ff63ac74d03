import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createTestHarness } from "wrangler";

const ROOT = join(import.meta.dirname, "../../..");

export interface Issuer {
	url: string;
	stop(): Promise<void>;
}

/** Starts the identity provider on a port of its own, with the demo users. */
export async function startIssuer(settings: Record<string, string> = {}): Promise<Issuer> {
	const server = createTestHarness({
		root: ROOT,
		workers: [{ configPath: "./issuer/wrangler.toml", secrets: settings }],
	});
	const { url } = await server.listen();
	const worker = server.getWorker();
	await worker.applyD1Migrations("DB");
	await (await worker.getEnv()).DB.prepare(await readFile(join(ROOT, "issuer/demo-users.sql"), "utf8")).run();
	return { url: url.origin, stop: () => server.close() };
}
