import type { TestProject } from "vitest/node";
import { PUBLISH_KEY, Workerd } from "../../../scripts/workerd.ts";
import type { Deployment } from "../../conformance/support/target.ts";

/** Gives a project the built service on plain workerd, as the deployment that it tests. */
export default async function deploy(project: TestProject): Promise<() => Promise<void>> {
	const server = await Workerd.start(
		{ DELIVERY: project.config.env?.DELIVERY ?? "direct" },
		{ built: project.getProvidedContext().built },
	);
	project.provide("deployment", { url: server.url, publishKey: PUBLISH_KEY } satisfies Deployment);
	return () => server.stop();
}
