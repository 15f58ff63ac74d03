import { join } from "node:path";
import { inject } from "vitest";
import { createTestHarness } from "wrangler";
import type { Service } from "./servers.ts";

/** The service with its static assets, which plain workerd does not serve: as `wrangler dev` would. */
export async function startServiceWithPages(settings: Record<string, string> = {}): Promise<Service> {
	const issuerUrl = inject("issuerUrl");
	const secrets = { JWKS_URL: `${issuerUrl}/.well-known/jwks.json`, ...settings };
	const server = createTestHarness({
		root: join(import.meta.dirname, "../../.."),
		workers: [{ configPath: "./wrangler.toml", secrets }],
	});
	const { url } = await server.listen();
	return { url: url.origin, issuerUrl, stop: () => server.close() };
}
