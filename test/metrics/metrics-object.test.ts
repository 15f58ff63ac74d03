import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MetricsObject, type Report } from "../../src/metrics/metrics-object.ts";
import { countPublish, newTally } from "../../src/metrics/tally.ts";
import { advanceClock } from "../support/clock.ts";

const MINUTE = 60_000;

afterEach(() => {
	vi.useRealTimers();
});

/** An object of this test's own. */
function freshObject() {
	return env.METRICS.getByName(crypto.randomUUID());
}

function report({ holder = "one", streams = 0, published = 0 }): Report {
	const tally = newTally();
	for (let publish = 0; publish < published; publish += 1) countPublish(tally, 1, 30);
	return { holder, streams, leaseMilliseconds: MINUTE, tallies: published > 0 ? [["orders", tally]] : [] };
}

describe("the counters", () => {
	it("are summed up over all holders and channels", async () => {
		const object = freshObject();
		await object.report(report({ published: 2 }));
		await object.report(report({ holder: "two", published: 3 }));
		const { tally } = await object.read();
		expect(tally).toMatchObject({ published: 5, publishes: [0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0] });
		expect(tally.publishMilliseconds).toBe(150);
	});

	it("survive a restart of the object", async () => {
		const object = freshObject();
		await object.report(report({ published: 2, streams: 4 }));
		await evictDurableObject(object);
		await object.report(report({ published: 1, streams: 4 }));
		await evictDurableObject(object);
		expect(await object.read()).toMatchObject({ tally: { published: 3 }, streams: 4 });
	});

	it("cost one row written per report, and a second one for a holder with open streams", async () => {
		const object = freshObject();
		await object.report(report({ published: 1, streams: 1 }));
		const written = await runInDurableObject(object, (instance, { storage }) => {
			const exec = vi.spyOn(storage.sql, "exec");
			const rows = () =>
				exec.mock.results.reduce((sum, { value }) => sum + (value as SqlStorageCursor<never>).rowsWritten, 0);
			instance.report(report({ published: 1, holder: "two" }));
			const without = rows();
			instance.report(report({ published: 1, streams: 1 }));
			return { without, with: rows() - without };
		});
		expect(written).toEqual({ without: 1, with: 2 });
	});
});

describe("open streams", () => {
	it("are the sum of every holder's latest report", async () => {
		const object = freshObject();
		await object.report(report({ streams: 3 }));
		await object.report(report({ holder: "two", streams: 4 }));
		await object.report(report({ streams: 5 }));
		expect(await object.read()).toMatchObject({ streams: 9 });
		await object.report(report({ holder: "two", streams: 0 }));
		expect(await object.read()).toMatchObject({ streams: 5 });
	});

	it("stop counting when the holder's lease expires", async () => {
		const object = freshObject();
		await object.report(report({ streams: 3 }));
		advanceClock(30);
		await object.report(report({ holder: "two", streams: 4 }));
		advanceClock(30);
		expect(await object.read()).toMatchObject({ streams: 4 });
	});
});

describe("Workers Analytics Engine", () => {
	it("receives a data point for each channel and one for the holder, when it is bound", async () => {
		const written: unknown[] = [];
		const ANALYTICS = { writeDataPoint: (point: unknown) => void written.push(point) };
		await runInDurableObject(freshObject(), (_, state) => {
			new MetricsObject(state, { ANALYTICS }).report(report({ published: 2, streams: 3 }));
		});
		expect(written).toEqual([
			{
				indexes: ["orders"],
				blobs: ["counts", "orders"],
				doubles: [2, 0, 0, 0, 0.06, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
			},
			{ indexes: ["one"], blobs: ["streams", "one"], doubles: [3] },
		]);
	});
});
