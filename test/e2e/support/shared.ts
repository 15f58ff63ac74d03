import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { build, SERVICE } from "../../../scripts/workerd.ts";
import { startIssuer } from "./issuer.ts";

declare module "vitest" {
	interface ProvidedContext {
		/** The folder of the built service. */
		built: string;
		issuerUrl: string;
	}
}

/** Each project loads this file anew, and all of them use what the first has made. */
const run = globalThis as { issuer?: ReturnType<typeof startIssuer>; built?: Map<string, Promise<string>> };

/**
 * Gives a project what takes long to make and is the same for all tests: the built service, or another Worker that the
 * project names as `WORKER`, and an identity provider.
 */
export default async function share(project: TestProject): Promise<(() => Promise<void>) | undefined> {
	const isFirst = run.issuer === undefined;
	run.issuer ??= startIssuer();
	run.built ??= new Map();
	const main = project.config.env?.WORKER ?? SERVICE.main;
	const building = run.built.get(main) ?? make(main);
	run.built.set(main, building);
	const [issuer, built] = await Promise.all([run.issuer, building]);
	project.provide("built", built);
	project.provide("issuerUrl", issuer.url);
	if (!isFirst) return undefined;
	return async () => {
		await issuer.stop();
		for (const folder of run.built?.values() ?? []) await rm(await folder, { recursive: true });
	};
}

async function make(main: string): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), "tidings-built-"));
	await build(folder, { ...SERVICE, main });
	return folder;
}
