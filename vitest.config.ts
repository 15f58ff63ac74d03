import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		projects: [
			{
				// What runs in the Worker is tested in workerd.
				plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
				test: { name: "worker", include: ["test/**/*.test.ts"], exclude: ["test/e2e/**", "test/load/**"] },
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
