/** The issuer's database, reached through `wrangler d1`: the local one, or the deployed one. */
import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const runFile = promisify(execFile);

/** The folder where `npm start` keeps its state by default. */
export const DEFAULT_STATE = ".wrangler/state";

/** The issuer's part of that folder. */
export function issuerState(state: string): string {
	return join(resolve(ROOT, state), "issuer");
}

export type Place = { remote: true } | { state: string };

/** Applies the migrations. */
export async function migrate(place: Place): Promise<void> {
	await d1(["migrations", "apply", "DB"], place);
}

/** Adds the users of the examples, for local work. */
export async function addDemoUsers(state: string): Promise<void> {
	await d1(["execute", "DB", "--file", "issuer/demo-users.sql"], { state });
}

/** Whether a statement failed because no migration was ever applied. */
export function isWithoutTables(error: unknown): boolean {
	const { message, stdout } = error as Error & { stdout?: string };
	return `${message} ${stdout}`.includes("no such table");
}

/** Runs statements, and returns the rows of each. A local database without tables is migrated first. */
export async function execute(sql: string, place: Place): Promise<Record<string, unknown>[][]> {
	const run = () => d1(["execute", "DB", "--json", "--command", sql], place);
	const output = await run().catch(async (error: unknown) => {
		if ("remote" in place || !isWithoutTables(error)) throw error;
		await migrate(place);
		return await run();
	});
	const results = JSON.parse(output) as { results: Record<string, unknown>[] }[];
	return results.map((each) => each.results);
}

/** Quotes a text as an SQL literal, because `wrangler d1` takes no parameters. */
export function quote(text: string): string {
	return `'${text.replaceAll("'", "''")}'`;
}

async function d1(args: string[], place: Place): Promise<string> {
	const where = "remote" in place ? ["--remote"] : ["--local", "--persist-to", issuerState(place.state)];
	const { stdout } = await runFile(
		process.execPath,
		[WRANGLER, "d1", ...args, "--config", "issuer/wrangler.toml", ...where],
		// With CI set, wrangler asks no questions.
		{
			cwd: ROOT,
			env: { ...process.env, CI: "1", CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false" },
		},
	);
	return stdout;
}
