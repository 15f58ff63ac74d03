import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** The service in workerd, with settings besides those for local work. */
function inWorkerd(bindings: Record<string, string>) {
	return cloudflareTest({ wrangler: { configPath: "./wrangler.toml" }, miniflare: { bindings } });
}

export default defineConfig({
	test: {
		projects: [
			{
				// What runs in the Worker is tested in workerd.
				plugins: [inWorkerd({})],
				test: { name: "worker", include: ["test/**/*.test.ts"], exclude: ["test/e2e/**", "test/load/**"] },
			},
			{
				// What a client can observe is the same in both ways of delivery.
				plugins: [inWorkerd({ DELIVERY: "hibernate" })],
				test: {
					name: "hibernate",
					include: ["test/http/**/*.test.ts", "test/channel/channel.test.ts", "test/hostile/requests.test.ts"],
				},
			},
			{
				// The service as its users run it, with real clients over HTTP.
				test: {
					name: "e2e",
					include: ["test/e2e/**/*.test.ts"],
					environment: "node",
					testTimeout: 60_000,
					hookTimeout: 120_000,
				},
			},
			{
				// Crashes, floods and crowds: they want the whole machine, so they come last and one at a time.
				test: {
					name: "load",
					include: ["test/load/**/*.test.ts"],
					environment: "node",
					testTimeout: 120_000,
					hookTimeout: 120_000,
					fileParallelism: false,
					sequence: { groupOrder: 1 },
				},
			},
		],
	},
});
