import type { AlarmState } from "../alarm.ts";

/** Timers take no more. */
const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1;

/**
 * The alarm of a relay, which writes nothing to disk: a timer. A relay with streams does not sleep, and one that has died
 * has none.
 */
export class TimerAlarm implements AlarmState {
	readonly #rung: () => Promise<void>;
	#timer: number | null = null;

	/** @param rung called when the time has come. */
	constructor(rung: () => Promise<void>) {
		this.#rung = rung;
	}

	readonly storage = {
		getAlarm: async (): Promise<number | null> => null,
		setAlarm: async (at: number | Date): Promise<void> => {
			clearTimeout(this.#timer);
			const delay = Math.min(Math.max(0, Number(at) - Date.now()), MAX_TIMER_MILLISECONDS);
			this.#timer = setTimeout(() => void this.#rung(), delay);
		},
	};

	async blockConcurrencyWhile<Result>(work: () => Promise<Result>): Promise<Result> {
		return await work();
	}
}
