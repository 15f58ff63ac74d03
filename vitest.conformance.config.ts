import { defineConfig } from "vitest/config";

/** `npm run conformance`: the tests of the protocol, in plain Node, against the deployment at `TIDINGS_URL`. */
export default defineConfig({
	test: {
		include: ["test/conformance/*.test.ts"],
		globalSetup: "test/conformance/support/preflight.ts",
		testTimeout: 120_000,
		hookTimeout: 120_000,
		// One after the other: it is somebody's deployment, and has limits.
		maxWorkers: 1,
	},
});
