/** How many seconds are looked back. */
export const SECONDS = 60;

/** One second of the past. */
export interface Second {
	events: number;
	/** The median of the delivery delays, in milliseconds; `null`: no event tells one. */
	delay: number | null;
}

/** How many events came in each of the last seconds, and how late. */
export class Rates {
	readonly #delays = new Map<number, number[]>();
	readonly #counts = new Map<number, number>();

	/** @param delay in milliseconds; `undefined` for an event that was published long before. */
	add(now: number, delay: number | undefined): void {
		const second = Math.floor(now / 1000);
		this.#counts.set(second, (this.#counts.get(second) ?? 0) + 1);
		// Clocks differ: an event cannot come before it was published.
		if (delay !== undefined) this.#delays.set(second, [...(this.#delays.get(second) ?? []), Math.max(0, delay)]);
	}

	/** The last seconds that are over, the oldest first. */
	read(now: number): Second[] {
		const current = Math.floor(now / 1000);
		for (const second of this.#counts.keys()) {
			if (second >= current - SECONDS) continue;
			this.#counts.delete(second);
			this.#delays.delete(second);
		}
		return Array.from({ length: SECONDS }, (_, index) => {
			const second = current - SECONDS + index;
			return { events: this.#counts.get(second) ?? 0, delay: median(this.#delays.get(second) ?? []) };
		});
	}
}

function median(values: readonly number[]): number | null {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}
