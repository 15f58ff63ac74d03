import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { WebSocket } from "ws";
import { PUBLISH_KEY, Workerd } from "../../scripts/workerd.ts";
import { type ChannelPublisher, createPublisher } from "../../src/client/publish.ts";
import { CuttableProxy } from "./support/cuttable-proxy.ts";

let service: Workerd;
let proxy: CuttableProxy;
let tests = 0;
let channel: string;

beforeAll(async () => {
	service = await Workerd.start({ REPLAY_EVENTS: "10000" }, { built: inject("built") });
	proxy = await CuttableProxy.to(service.url);
});

beforeEach(() => {
	tests += 1;
	channel = `channel:${tests}`;
});

afterAll(async () => {
	await proxy.stop();
	await service.stop();
});

/** Node 20 has no WebSocket of its own. */
const socket = "WebSocket" in globalThis ? {} : { WebSocket };

function open(key = PUBLISH_KEY, url = service.url): ChannelPublisher {
	return createPublisher({ url, key }).channel(channel, socket);
}

async function stored(): Promise<unknown[]> {
	const headers = { Authorization: `Bearer ${PUBLISH_KEY}` };
	const response = await fetch(`${service.url}/channels/${channel}/events?limit=1000`, { headers });
	return ((await response.json()) as { data: unknown }[]).map(({ data }) => data);
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("a publisher of a channel", () => {
	it("publishes in order what it does not wait for", async () => {
		const publisher = open();
		const receipts = await Promise.all(numbers(500).map((data) => publisher.publish({ data })));
		const offsets = receipts.map(({ ids: [id] }) => Number(id));
		expect(offsets.map((offset) => offset - (offsets[0] ?? 0))).toEqual(numbers(500));
		expect(receipts[0]).toEqual({ channel, ids: [expect.any(String)], subscribers: 0 });
		expect(await stored()).toEqual(numbers(500));
		await publisher.close();
	});

	it("publishes with a class of WebSockets that is given", async () => {
		const publisher = createPublisher({ url: service.url, key: PUBLISH_KEY }).channel(channel, { WebSocket });
		expect((await publisher.publish([{ data: 1 }, { data: 2 }])).ids).toHaveLength(2);
		await publisher.close();
	});

	it("stores everything once and in order, although its connection breaks again and again", async () => {
		const publisher = open(PUBLISH_KEY, proxy.url);
		const receipts: Promise<unknown>[] = [];
		for (const round of numbers(5)) {
			for (const index of numbers(100)) receipts.push(publisher.publish({ data: round * 100 + index }));
			await receipts[round * 100];
			proxy.cut();
			proxy.mend();
		}
		await Promise.all(receipts);
		expect(await stored()).toEqual(numbers(500));
		await publisher.close();
	});

	it("stores everything once and in order, although the service is killed", async () => {
		const publisher = open();
		const receipts: Promise<unknown>[] = [];
		for (const round of numbers(3)) {
			for (const index of numbers(300)) receipts.push(publisher.publish({ data: round * 300 + index }));
			await receipts[round * 300];
			await service.restart();
		}
		await Promise.all(receipts);
		expect(await stored()).toEqual(numbers(900));
		await publisher.close();
	});

	it("says why it is not let in", async () => {
		const refused = open("not-a-key-of-this-service-0123456789").publish({ data: 1 });
		await expect(refused).rejects.toMatchObject({ status: 401, code: "invalid_token" });
	});

	it("says that the service cannot be reached", async () => {
		await expect(open(PUBLISH_KEY, "http://127.0.0.1:9").publish({ data: 1 })).rejects.toBeInstanceOf(TypeError);
	});

	it("ends the channel with its last message, which may have no event", async () => {
		const publisher = open();
		const last = publisher.publish({ data: 1 });
		const end = publisher.publish([], { end: true });
		const late = publisher.publish({ data: 2 });
		await expect(late).rejects.toMatchObject({ status: 409, code: "channel_ended" });
		expect([(await last).ids.length, (await end).ids]).toEqual([1, []]);
		expect(await stored()).toEqual([1]);
		await publisher.close();
	});

	it("says what the service refuses, and goes on", async () => {
		const publisher = open();
		const refused = publisher.publish({ type: "gap", data: 1 });
		const next = publisher.publish({ data: 2 });
		await expect(refused).rejects.toMatchObject({ status: 400, code: "invalid_event" });
		await next;
		expect(await stored()).toEqual([2]);
		await publisher.close();
	});
});
