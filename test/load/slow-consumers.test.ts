import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { PUBLISH_KEY, Workerd } from "../../scripts/workerd.ts";
import { RawSubscriber } from "../e2e/support/raw-subscriber.ts";
import { DELIVERY, publish, subscribersOf, ticketOf } from "../e2e/support/servers.ts";
import { SseReader } from "../support/sse.ts";

/**
 * Each is sent 50 MB: 100 show within seconds what 1,000 show in CI. A session copies each byte once more,
 * which takes three times as long.
 */
const CROWD = Number(process.env.READERS ?? 100);
const READERS = DELIVERY === "hibernate" ? Math.min(100, Math.ceil(CROWD / 3)) : CROWD;
/** What may wait for one of them: its backlog, and with a session, as much on the way to that. */
const MEGABYTES_PER_READER = DELIVERY === "hibernate" ? 2 : 1;
/** What the process works with, however few they are: what is being published, and what is not collected yet. */
const WORKING_MEGABYTES = 100;
const EVENT_BYTES = 60_000;
const EVENTS = Math.ceil(50_000_000 / EVENT_BYTES);

let server: Workerd;
let stream = "";

beforeAll(async () => {
	const settings = { DELIVERY, MAX_CONNECTIONS_PER_USER: "2000", HEARTBEAT_SECONDS: "10" };
	server = await Workerd.start(settings, { built: inject("built") });
	const ticket = await ticketOf(server, PUBLISH_KEY, { user: "reader", channels: ["flood"], streamFor: 3600 });
	stream = `${server.url}/events?channel=flood&ticket=${ticket}`;
});

afterAll(() => server.stop());

/** The most memory that the process has had at once, in megabytes. */
function peakMegabytes(): number {
	const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8")) ?? [];
	return Number(kilobytes) / 1024;
}

/** Reads a stream as a client would, and answers with the offsets that came. */
async function offsetsUntil(marker: string): Promise<number[]> {
	const offsets: number[] = [];
	for await (const { event, id, data } of new SseReader(await fetch(stream))) {
		if (event === "gap" || event === "closing") throw new Error(`${event} ${data}`);
		// That one tells where the stream begins: at 0, before anything was published.
		if (event !== "connected") offsets.push(Number(id));
		if (data === marker) return offsets;
	}
	throw new Error("The stream ended.");
}

/** Waits until the slow one has been cut, then reads on, and comes back where it was. */
async function readOnOnceCut(slow: RawSubscriber): Promise<RawSubscriber> {
	await expect.poll(() => subscribersOf(server, "flood"), { timeout: 120_000, interval: 200 }).toBe(READERS);
	slow.readOn();
	await slow.reached;
	expect(slow.tail).toContain('{"reason":"slow_consumer","reconnect":true}');
	return new RawSubscriber(stream, "the end", { "Last-Event-ID": slow.cursor });
}

describe(`a client that stops reading while ${READERS} others read on and 50 MB pass`, () => {
	it("costs the others nothing, is cut, and comes back to a replay or a gap", { timeout: 240_000 }, async () => {
		const slow = new RawSubscriber(stream, "slow_consumer");
		await slow.opened;
		slow.stopReading();
		const readers = Array.from({ length: READERS - 1 }, () => new RawSubscriber(stream, "the end"));
		await Promise.all(readers.map(({ opened }) => opened));
		const checked = offsetsUntil("the end");
		await expect.poll(() => subscribersOf(server, "flood")).toBe(READERS + 1);
		const back = readOnOnceCut(slow);
		const idle = peakMegabytes();

		const startedAt = Date.now();
		const data = "x".repeat(EVENT_BYTES);
		for (let event = 0; event < EVENTS; event += 1) await publish(server, "flood", { data });
		await publish(server, "flood", { data: "the end" });
		await Promise.all(readers.map(({ reached }) => reached));
		const seconds = (Date.now() - startedAt) / 1000;

		expect(readers.filter(({ isClosed }) => isClosed)).toEqual([]);
		const offsets = await checked;
		expect(offsets).toHaveLength(EVENTS + 1);
		expect(offsets.every((offset, index) => index === 0 || offset === (offsets[index - 1] ?? 0) + 1)).toBe(true);
		const grown = peakMegabytes() - idle;
		console.log(
			`${EVENTS} events of ${EVENT_BYTES} bytes to ${READERS} readers in ${seconds.toFixed(1)} s; memory ${idle.toFixed(0)} MB idle, at most ${grown.toFixed(0)} MB more`,
		);
		expect(grown).toBeLessThan(WORKING_MEGABYTES + READERS * MEGABYTES_PER_READER);

		const returned = await back;
		await returned.reached;
		expect(returned.isClosed).toBe(false);
		expect(returned.tail).toContain("the end");
		for (const subscriber of [slow, returned, ...readers]) subscriber.close();
	});
});
