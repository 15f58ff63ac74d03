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

/** What the files of a project share, since it takes long to make: the built service, and an identity provider. */
export default async function share(project: TestProject): Promise<() => Promise<void>> {
	const built = await mkdtemp(join(tmpdir(), "tidings-built-"));
	const [issuer] = await Promise.all([startIssuer(), build(built)]);
	project.provide("built", built);
	project.provide("issuerUrl", issuer.url);
	return async () => {
		await issuer.stop();
		await rm(built, { recursive: true });
	};
}
