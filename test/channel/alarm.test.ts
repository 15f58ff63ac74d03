import { describe, expect, it } from "vitest";
import { Alarm, type AlarmState } from "../../src/channel/alarm.ts";

const DAY = 86_400_000;

/** An alarm over a storage that writes down what it is set to. */
async function alarmOf(stored: number | null = null) {
	const set: number[] = [];
	const storage = { getAlarm: async () => stored, setAlarm: async (at: number) => void set.push(at) };
	let ready: Promise<unknown> = Promise.resolve();
	const ctx = {
		storage,
		blockConcurrencyWhile: (work: () => Promise<unknown>) => {
			ready = work();
			return ready;
		},
	} as unknown as AlarmState;
	const alarm = new Alarm(ctx, () => undefined);
	await ready;
	return { alarm, set };
}

describe("an alarm", () => {
	it("is the one that was set before the object slept", async () => {
		const soon = Date.now() + 1000;
		const { alarm, set } = await alarmOf(soon);
		expect(alarm.isSet).toBe(true);
		await alarm.ringBy(soon + 5000);
		expect(set).toEqual([]);
	});

	it("is set for the earliest of what falls due", async () => {
		const { alarm, set } = await alarmOf();
		const now = Date.now();
		for (const due of [now + 9000, now + 20_000, now + 5000]) await alarm.ringBy(due);
		expect(set).toEqual([now + 9000, now + 5000]);
	});

	it("is not set when nothing falls due", async () => {
		const { alarm, set } = await alarmOf();
		await alarm.ringBy(undefined);
		expect(set).toEqual([]);
		expect(alarm.isSet).toBe(false);
	});

	it("rings a moment later than what is due already, so that what falls due together is one alarm", async () => {
		const { alarm, set } = await alarmOf();
		const before = Date.now();
		await alarm.ringBy(0);
		expect(set).toHaveLength(1);
		expect(set[0]).toBeGreaterThanOrEqual(before + 250);
		expect(set[0]).toBeLessThanOrEqual(Date.now() + 250);
	});

	it("rings after a day at the latest, to be set again", async () => {
		const { alarm, set } = await alarmOf();
		await alarm.ringBy(Number.POSITIVE_INFINITY);
		expect(set[0]).toBeLessThanOrEqual(Date.now() + DAY);
	});

	it("can be put off, and set again once it has rung", async () => {
		const { alarm, set } = await alarmOf();
		await alarm.ringAt(5);
		await alarm.ringAt(9);
		alarm.clear();
		expect(alarm.isSet).toBe(false);
		await alarm.ringAt(20);
		expect(set).toEqual([5, 9, 20]);
	});
});
