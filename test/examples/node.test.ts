import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CuttableProxy } from "../e2e/support/cuttable-proxy.ts";
import { PUBLISH_KEY, publish, type Service, startService } from "../e2e/support/servers.ts";
import { eventually, type Run, runNode } from "./support/run.ts";

let service: Service;
let proxy: CuttableProxy;

beforeAll(async () => {
	service = await startService({ RETRY_MILLISECONDS: "50" });
	proxy = await CuttableProxy.to(service.url);
});

afterAll(async () => {
	await proxy.stop();
	await service.stop();
});

function subscribe(...args: string[]): Run {
	return runNode("node/subscribe.ts", { TIDINGS_URL: proxy.url, ISSUER_URL: service.issuerUrl }, ...args);
}

const order = (id: number) => ({ type: "order", data: { id } });

describe("the subscriber for Node", () => {
	it("prints what the publisher publishes, misses nothing when it is cut off, and ends with Ctrl-C", async () => {
		const subscriber = subscribe();
		await eventually(() => subscriber.stderr).toMatch(/^open$/m);
		const settings = { TIDINGS_URL: service.url, TIDINGS_KEY: PUBLISH_KEY };
		const publisher = runNode("node/publish.ts", settings, "1");
		expect(await publisher.code).toBe(0);
		const printed = [`${publisher.stdout.trim()} order {"id":1,"state":"paid"}`];
		await eventually(() => subscriber.stdout.split("\n")).toEqual([...printed, ""]);

		proxy.cut();
		const ids = await publish(service, "orders", [order(2), order(3)]);
		proxy.mend();
		ids.push(...(await publish(service, "orders", order(4))));
		printed.push(...ids.map((id, index) => `${id} order {"id":${index + 2}}`));
		await eventually(() => subscriber.stdout.split("\n")).toEqual([...printed, ""]);

		subscriber.signal("SIGINT");
		expect(await subscriber.code).toBe(0);
		expect(subscriber.stderr).toMatch(/^connecting\nopen\n(waiting\nconnecting\n)+open\nclosed\n$/);
	});

	it("says why it is not let into a channel, and ends with 1", async () => {
		const subscriber = subscribe("secrets");
		expect(await subscriber.code).toBe(1);
		expect(subscriber.stderr).toContain("do not grant the channel secrets");
	});
});
