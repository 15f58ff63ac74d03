import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventSource } from "eventsource";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CuttableProxy } from "../e2e/support/cuttable-proxy.ts";
import { logIn, PUBLISH_KEY, publish, type Service, startService } from "../e2e/support/servers.ts";
import { eventually, isInstalled, type Run, run } from "./support/run.ts";

interface Publisher {
	language: string;
	command: string;
	args: string[];
}

const PUBLISHERS: Publisher[] = [
	{ language: "curl", command: "curl", args: ["examples/curl/publish.sh"] },
	{ language: "PHP", command: "php", args: ["php", "examples/php/publish.php"] },
	{ language: "Python", command: "python3", args: ["python3", "examples/python/publish.py"] },
	{ language: "Go", command: "go", args: ["go", "run", "examples/go/publish.go"] },
	{ language: "Node", command: "node", args: [process.execPath, "examples/node/publish.ts"] },
];

/** Go wants a place for what it has compiled, and must ask neither for a newer Go nor for a C compiler. */
const GO = {
	GOCACHE: join(tmpdir(), "tidings-go-cache"),
	GOPROXY: "off",
	GOTOOLCHAIN: "local",
	GOFLAGS: "",
	CGO_ENABLED: "0",
};
const WRONG_KEY = "a-publish-key-that-was-never-given-out";

let service: Service;
let subscriber: EventSource;
const received: { id: string; data: string }[] = [];

beforeAll(async () => {
	service = await startService();
	const token = await logIn(service, "alice");
	subscriber = new EventSource(`${service.url}/events?channel=orders&token=${token}`);
	subscriber.addEventListener("order", ({ lastEventId, data }) => received.push({ id: lastEventId, data }));
	await new Promise((resolve) => subscriber.addEventListener("connected", resolve, { once: true }));
});

afterAll(async () => {
	subscriber.close();
	await service.stop();
});

/** The idempotency key is made of the order, so each publisher has one of its own. */
function publishOrder({ args }: Publisher, order: number, settings: Record<string, string> = {}): Run {
	const [command = "", ...rest] = args;
	return run(command, [...rest, `${order}`], {
		TIDINGS_URL: service.url,
		TIDINGS_KEY: PUBLISH_KEY,
		...GO,
		...settings,
	});
}

describe.each(PUBLISHERS)("publishing from $language", (publisher) => {
	const order = 100 + PUBLISHERS.indexOf(publisher);
	const given = it.skipIf(!isInstalled(publisher.command));

	given("gets an event to its subscriber, prints its id, and stores nothing when it is run again", async () => {
		const [first, again] = [publishOrder(publisher, order), publishOrder(publisher, order)];
		expect([await first.code, first.stderr]).toEqual([0, ""]);
		expect([await again.code, again.stdout]).toEqual([0, first.stdout]);
		// What was published before this has come before it.
		const [last] = await publish(service, "orders", { type: "order", data: "the last" });
		await eventually(() => received.at(-1)?.id).toBe(last);
		const data = JSON.stringify({ id: order, state: "paid" });
		expect(received.filter((event) => event.data === data)).toEqual([{ id: first.stdout.trim(), data }]);
	});

	given("says what the service says of a wrong key, and ends with 1", async () => {
		const { code, stderr } = await finished(publishOrder(publisher, order, { TIDINGS_KEY: WRONG_KEY }));
		expect(stderr).toContain(await detailOf(WRONG_KEY));
		expect(code).toBe(1);
	});

	given("says so when there is no service, and ends with 1", async () => {
		const gone = await CuttableProxy.to(service.url);
		const { url } = gone;
		await gone.stop();
		const { code, stdout, stderr } = await finished(publishOrder(publisher, order, { TIDINGS_URL: url }));
		expect(stderr).toMatch(/connect|refused/i);
		expect([code, stdout]).toEqual([1, ""]);
	});
});

async function finished(run: Run): Promise<{ code: number | null; stdout: string; stderr: string }> {
	const code = await run.code;
	return { code, stdout: run.stdout, stderr: run.stderr };
}

async function detailOf(key: string): Promise<string> {
	const response = await fetch(`${service.url}/channels/orders/events`, {
		method: "POST",
		headers: { Authorization: `Bearer ${key}` },
		body: "data",
	});
	return ((await response.json()) as { detail: string }).detail;
}
