import { join } from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { node20 } from "./test/e2e/support/node20.ts";
import { onNode20 } from "./test/e2e/support/node20-pool.ts";

/** Rules for channels that only the tests of rules use. They come as the tables in `wrangler.toml` do, and not as text. */
const CHANNEL_RULES = [
	{ match: "ruled:direct:*", delivery: "direct" },
	{ match: "ruled:sleeping:*", delivery: "hibernate" },
	{ match: "ruled:long:*", replayEvents: 1000, replaySeconds: 172_800 },
	{ match: "ruled:short:*", replayEvents: 2, replaySeconds: 3600 },
	{ match: "ruled:narrow:*", maxEventBytes: 10 },
	{ match: "ruled:wide:*", maxEventBytes: 100_000 },
	{ match: "ruled:huge:*", maxEventBytes: 1_048_576 },
	{ match: "ruled:few:*", maxSubscribers: 2 },
	{ match: "ruled:crowd:*", crowdSize: 2, maxConnectionsPerUser: 3, maxSubscribers: 9 },
	{ match: "ruled:one-each:*", maxConnectionsPerUser: 1 },
	{ match: "ruled:spread:*", crowdSize: 2 },
	{ match: "ruled:small-spread:*", crowdSize: 2, maxSubscribers: 5, maxConnectionsPerUser: 3 },
	{ match: "ruled:short-spread:*", crowdSize: 2, replayEvents: 2 },
	{ match: "ruled:silent:*", presence: "off" },
	{ match: "ruled:counted:*", presence: "count" },
	{ match: "ruled:open:*", anonymous: true, maxConnectionsPerUser: 3 },
	{ match: "user:*", anonymous: true },
];

/** The service in workerd, as it is deployed: the secrets for local work would be good on localhost only. */
function inWorkerd(settings: Record<string, string>, main?: string) {
	const secrets = {
		PUBLISH_KEYS: "the-publish-key-of-the-tests-0123456789",
		TICKET_SECRET: "the-ticket-secret-of-the-tests-0123456789",
	};
	const bindings = { ...secrets, CHANNEL_RULES, ...settings };
	return cloudflareTest({
		...(main && { main }),
		wrangler: { configPath: "./wrangler.toml" },
		miniflare: { bindings },
	});
}

/** The issuer, which starts with an empty database in each file. */
const issuerInWorkerd = cloudflareTest({
	wrangler: { configPath: "./issuer/wrangler.toml" },
	miniflare: { bindings: { MIGRATIONS: await readD1Migrations("issuer/migrations") } },
});

const SHARED = "test/e2e/support/shared.ts";
const onNode = { environment: "node", testTimeout: 120_000, hookTimeout: 120_000, globalSetup: SHARED } as const;

/** What a client can observe is the same in both ways of delivery. */
const HIBERNATE = { env: { DELIVERY: "hibernate" } };
/** The tests of `test/e2e` that open streams. */
const OBSERVED = ["browser", "eventsource", "lifetime", "limits", "library"];

/** What keeps the whole machine busy. */
const FLOOD = "test/load/slow-consumers.test.ts";
const LOAD = ["test/load/{crash,live-cuts,live-flood,silent-network,socket-flood,vanished}.test.ts"];

/** Files that share a workerd, whose start takes a second or two, and what each has loaded and compiled. */
const SHARED_WORKERD = {
	testTimeout: 60_000,
	isolate: false,
	setupFiles: "test/support/leave-nothing.ts",
} as const;

/** What opens streams, and what is said of them. */
const DELIVERED = [
	"test/http/{middleware/logging,native/*}.test.ts",
	"test/channel/{channel,cost}.test.ts",
	"test/hostile/requests.test.ts",
];
/** Of these, what is the same in both ways: the Worker holds several channels in any case, and WebSockets too, but for publishers. */
const UNDELIVERED = ["test/http/native/{openapi,publish-socket,several-channels,ws}.test.ts"];

/** What could tell a relay from the channel itself: all of it has to pass where relays hold the streams. */
const SPREAD = ["test/{http,channel,session,uplink,conformance}/**/*.test.ts"];

/** The service whose relays hold all streams, also the first. */
const RELAYED = "test/support/relayed/worker.ts";

const CONFORMANCE = {
	include: ["test/conformance/*.test.ts"],
	globalSetup: [SHARED, "test/e2e/support/deployment.ts"],
	isolate: false,
};

/** It reads what a whole deployment has counted, so it has one to itself. */
const METRICS = "test/http/native/metrics.test.ts";

function alone(groupOrder: number) {
	return { fileParallelism: false, sequence: { groupOrder } };
}

export default defineConfig({
	test: {
		// Much of it is waiting for something to happen.
		maxWorkers: 3,
		// The lines of the service, one for each request.
		onConsoleLog: (log) => !log.startsWith('{"level":'),
		projects: [
			{
				// What runs in the Worker is tested in workerd.
				plugins: [inWorkerd({})],
				test: {
					...SHARED_WORKERD,
					name: "worker",
					include: ["test/**/*.test.ts"],
					exclude: ["test/e2e/**", "test/examples/**", "test/issuer/**", "test/load/**", METRICS],
				},
			},
			{
				plugins: [issuerInWorkerd],
				resolve: {
					alias: { "@noble/hashes/scrypt.js": join(import.meta.dirname, "test/issuer/support/native-scrypt.ts") },
				},
				test: {
					name: "issuer",
					testTimeout: 60_000,
					include: ["test/issuer/**/*.test.ts"],
					setupFiles: ["test/issuer/support/migrate.ts"],
				},
			},
			{
				plugins: [inWorkerd({ DELIVERY: "hibernate" })],
				test: { ...SHARED_WORKERD, name: "hibernate", include: DELIVERED, exclude: [...UNDELIVERED, METRICS] },
			},
			{
				// So small a crowd that most streams are at relays.
				plugins: [inWorkerd({ CROWD_SIZE: "2" })],
				test: { ...SHARED_WORKERD, name: "crowd", include: SPREAD, exclude: [METRICS] },
			},
			{
				plugins: [inWorkerd({ CROWD_SIZE: "2", DELIVERY: "hibernate" })],
				test: {
					...SHARED_WORKERD,
					name: "crowd-hibernate",
					include: ["test/http/native/*.test.ts"],
					exclude: [...UNDELIVERED, METRICS],
				},
			},
			{
				plugins: [inWorkerd({ DELIVERY: "hibernate" }, RELAYED)],
				test: { ...SHARED_WORKERD, name: "relayed-hibernate", include: CONFORMANCE.include },
			},
			{
				plugins: [inWorkerd({})],
				test: { name: "metrics", testTimeout: 60_000, include: [METRICS] },
			},
			{
				plugins: [inWorkerd({ DELIVERY: "hibernate" })],
				test: { name: "metrics-hibernate", testTimeout: 60_000, include: [METRICS] },
			},
			{
				// The service as its users run it, with real clients over HTTP.
				test: {
					...onNode,
					name: "e2e",
					include: ["test/e2e/**/*.test.ts"],
				},
			},
			{
				test: {
					...onNode,
					...HIBERNATE,
					name: "e2e-hibernate",
					include: [`test/e2e/{${OBSERVED.join(",")}}.test.ts`],
				},
			},
			{
				// The protocol, from outside, as `npm run conformance` tests a deployment.
				test: { ...onNode, ...CONFORMANCE, name: "conformance" },
			},
			{
				test: { ...onNode, ...HIBERNATE, ...CONFORMANCE, name: "conformance-hibernate" },
			},
			{
				// With real clients, and relays that hold all streams.
				test: {
					...onNode,
					env: { ...HIBERNATE.env, WORKER: RELAYED },
					name: "relayed-e2e",
					include: [
						"test/e2e/{client,client-foreign,eventsource,lifetime,live-publish,prompt,socket,tanstack}.test.ts",
					],
				},
			},
			{
				test: {
					...onNode,
					...CONFORMANCE,
					env: { WORKER: RELAYED },
					name: "relayed",
					// Alone in a workerd, its WebSockets are now and then not told that they are closed, with relays or without.
					exclude: ["test/conformance/ending.test.ts"],
				},
			},
			...(node20 === undefined
				? []
				: [
						{
							// What users import, on the oldest Node that it has to run on.
							test: {
								...onNode,
								name: "node20",
								pool: onNode20,
								setupFiles: ["test/e2e/support/expect-node20.ts"],
								include: [
									"test/client/*.test.ts",
									"test/e2e/{channel-publisher,client,client-foreign,publisher}.test.ts",
								],
							},
						},
					]),
			{
				// What stands in examples/ and in the documentation, as its readers would run it.
				test: {
					...onNode,
					name: "examples",
					include: ["test/examples/*.test.ts"],
					globalSetup: ["test/examples/support/build.ts", SHARED],
				},
			},
			{
				// Crashes, and crowds that vanish.
				test: { ...onNode, name: "load", include: LOAD },
			},
			{
				test: {
					...onNode,
					...HIBERNATE,
					name: "load-hibernate",
					include: LOAD,
					exclude: ["test/load/{live-cuts,live-flood,socket-flood}.test.ts"],
				},
			},
			{
				// It keeps the whole machine busy, and measures memory: so it comes last, and alone.
				test: { ...onNode, ...alone(1), name: "flood", include: [FLOOD] },
			},
			{
				test: { ...onNode, ...HIBERNATE, ...alone(2), name: "flood-hibernate", include: [FLOOD] },
			},
		],
	},
});
