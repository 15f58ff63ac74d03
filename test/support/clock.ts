import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";

/** The service's clock and timers, and the alarms of its channels. `vi.useRealTimers()` puts them right again. */

/** Sets the clock forward. Timers run on as they are. */
export function advanceClock(seconds: number): void {
	vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1000 });
}

/** Stops the clock at a time, now unless another is given. Timers run on as they are. */
export function stopClock(now = Date.now()): void {
	vi.useFakeTimers({ toFake: ["Date"], now });
}

/** Timers fire only when `vi.advanceTimersByTime()` says so. The clock runs on. */
export function holdTimers(): void {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
}

/** The same for what waits with `scheduler.wait()`. `vi.restoreAllMocks()` takes it back. */
export function holdTimersAndWaits(): void {
	holdTimers();
	vi.spyOn(scheduler, "wait").mockImplementation((milliseconds) => {
		return new Promise((resolve) => void setTimeout(resolve, milliseconds));
	});
}

/** When a channel's alarm is due; `Infinity` where none is set. */
export function alarmTime(channel: string): Promise<number> {
	return runInDurableObject(
		env.CHANNEL.getByName(channel),
		async (_, { storage }) => (await storage.getAlarm()) ?? Number.POSITIVE_INFINITY,
	);
}

/** Runs a channel's alarm as if its time had come, and answers whether one was set. */
export function runAlarm(channel: string): Promise<boolean> {
	return runDurableObjectAlarm(env.CHANNEL.getByName(channel));
}
