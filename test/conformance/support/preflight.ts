import type { TestProject } from "vitest/node";
import type { Deployment } from "./target.ts";

/** Finds the deployment, and whether it can be tested: what is missing is said once, and not by every test. */
export default async function preflight(project: TestProject): Promise<void> {
	const { TIDINGS_URL, TIDINGS_PUBLISH_KEY: publishKey } = process.env;
	if (!TIDINGS_URL)
		fail("Set TIDINGS_URL to where the deployment answers, such as https://tidings.example.workers.dev.");
	if (!publishKey) fail("Set TIDINGS_PUBLISH_KEY to a publish key of the deployment.");
	const url = TIDINGS_URL.replace(/\/$/, "");

	const ask = async (path: string, init?: RequestInit): Promise<Response> => {
		try {
			return await fetch(url + path, init);
		} catch (error) {
			fail(`Nothing answers at ${url}: ${(error as Error & { cause?: unknown }).cause ?? error}`);
		}
	};
	const health = await ask("/health");
	if (!health.ok) fail(`${url}/health says: ${health.status} ${await health.text()}`);
	const asked = await ask("/tickets", {
		method: "POST",
		headers: { Authorization: `Bearer ${publishKey}`, "Content-Type": "application/json" },
		body: JSON.stringify({ user: "conformance-user", channels: ["conformance:*", "user:conformance-*"] }),
	});
	if (!asked.ok) {
		const { code, detail } = (await asked.json()) as { code: string; detail: string };
		fail(
			code === "misconfigured"
				? `The tests open streams with tickets: set TICKET_SECRET in the deployment. It says: ${detail}`
				: `The publish key has to cover conformance:* and user:conformance-*. The deployment says: ${code}, ${detail}`,
		);
	}
	project.provide("deployment", { url, publishKey } satisfies Deployment);
}

function fail(message: string): never {
	console.error(message);
	process.exit(1);
}
