import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { build } from "../../../scripts/workerd.ts";
import { startIssuer } from "./issuer.ts";

declare module "vitest" {
	interface ProvidedContext {
		/** The folder of the built service. */
		built: string;
		issuerUrl: string;
	}
}

/** Each project loads this file anew, and all of them use what the first has made. */
const run = globalThis as { shared?: ReturnType<typeof make> };

/** Gives a project what takes long to make and is the same for all tests: the built service, and an identity provider. */
export default async function share(project: TestProject): Promise<(() => Promise<void>) | undefined> {
	const isFirst = run.shared === undefined;
	run.shared ??= make();
	const { built, issuer } = await run.shared;
	project.provide("built", built);
	project.provide("issuerUrl", issuer.url);
	if (!isFirst) return undefined;
	return async () => {
		await issuer.stop();
		await rm(built, { recursive: true });
	};
}

async function make() {
	const built = await mkdtemp(join(tmpdir(), "tidings-built-"));
	const [issuer] = await Promise.all([startIssuer(), build(built)]);
	return { built, issuer };
}
