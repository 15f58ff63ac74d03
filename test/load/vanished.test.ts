import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { PUBLISH_KEY, Workerd } from "../../scripts/workerd.ts";
import { DELIVERY, subscribersOf, ticketOf } from "../e2e/support/servers.ts";

const CLIENTS = 500;
const HEARTBEAT_SECONDS = 1;
const ROUNDS = 16;
/**
 * Room for one crowd and not for all of them together: streams that stayed in memory would end the process. A stream that
 * the Worker holds takes more of it.
 */
const HEAP_MEGABYTES = DELIVERY === "direct" ? 11 : 14;

let server: Workerd;
let stream = "";

beforeAll(async () => {
	const settings = {
		DELIVERY,
		MAX_CONNECTIONS_PER_USER: String(CLIENTS),
		HEARTBEAT_SECONDS: String(HEARTBEAT_SECONDS),
	};
	server = await Workerd.start(settings, {
		built: inject("built"),
		v8Flags: [`--max-old-space-size=${HEAP_MEGABYTES}`],
	});
	const ticket = await ticketOf(server, PUBLISH_KEY, { user: "crowd", channels: ["crowd"], streamFor: 3600 });
	stream = `${server.url}/events?channel=crowd&ticket=${ticket}`;
});

afterAll(() => server.stop());

it("500 clients that vanish without a word are gone after two heartbeats, and leave nothing in memory", async () => {
	for (let round = 0; round < ROUNDS; round += 1) {
		const crowd = fork(join(import.meta.dirname, "crowd.ts"), [stream, String(CLIENTS)]);
		await once(crowd, "message");
		expect(await subscribersOf(server, "crowd")).toBe(CLIENTS);
		crowd.kill("SIGKILL");
		await once(crowd, "exit");
		// They all fit only if those of the round before are forgotten: a user may have no more streams than that.
		await expect
			.poll(() => subscribersOf(server, "crowd"), { timeout: (2 * HEARTBEAT_SECONDS + 3) * 1000, interval: 100 })
			.toBe(0);
	}
});
