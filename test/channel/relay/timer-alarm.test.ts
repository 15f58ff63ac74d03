import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Alarm } from "../../../src/channel/alarm.ts";
import { TimerAlarm } from "../../../src/channel/relay/timer-alarm.ts";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
});

afterEach(() => {
	vi.useRealTimers();
});

describe("the alarm of a relay", () => {
	it("rings when its time has come, and only at the one that was set last", async () => {
		const rung = vi.fn(async () => undefined);
		const { storage } = new TimerAlarm(rung);
		await storage.setAlarm(Date.now() + 500);
		await storage.setAlarm(Date.now() + 2000);
		vi.advanceTimersByTime(1999);
		expect(rung).not.toHaveBeenCalled();
		vi.advanceTimersByTime(1);
		expect(rung).toHaveBeenCalledTimes(1);
		await storage.setAlarm(Date.now() - 1000);
		vi.advanceTimersByTime(0);
		expect(rung).toHaveBeenCalledTimes(2);
	});

	it("does not ring at once when it is set for a time that no timer takes", async () => {
		const rung = vi.fn(async () => undefined);
		await new TimerAlarm(rung).storage.setAlarm(Number.MAX_SAFE_INTEGER);
		vi.advanceTimersByTime(86_400_000);
		expect(rung).not.toHaveBeenCalled();
	});

	it("does the work of an object's alarm", async () => {
		const rung = vi.fn(async () => undefined);
		const alarm = new Alarm(new TimerAlarm(rung), () => undefined);
		await Promise.resolve();
		await alarm.ringBy(Date.now());
		expect(alarm.isSet).toBe(true);
		vi.advanceTimersByTime(250);
		expect(rung).toHaveBeenCalledTimes(1);
	});
});
