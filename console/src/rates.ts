/** How many seconds are kept. */
export const SECONDS = 60;

/** One second of the past. */
export interface Second {
	events: number;
	/** The median of the delivery delays; `null` if no event has one. */
	delayMilliseconds: number | null;
}

/** Counts the events of each of the last seconds, and their delivery delays. */
export class Rates {
	readonly #delays = new Map<number, number[]>();
	readonly #counts = new Map<number, number>();

	/** @param delayMilliseconds `undefined` for an event that was replayed. */
	add(now: number, delayMilliseconds: number | undefined): void {
		const second = Math.floor(now / 1000);
		this.#counts.set(second, (this.#counts.get(second) ?? 0) + 1);
		if (delayMilliseconds === undefined) return;
		// Clocks differ, so an event may seem to arrive before it was published.
		this.#delays.set(second, [...(this.#delays.get(second) ?? []), Math.max(0, delayMilliseconds)]);
	}

	/** The last seconds that are complete, the oldest first. */
	read(now: number): Second[] {
		const current = Math.floor(now / 1000);
		for (const second of this.#counts.keys()) {
			if (second >= current - SECONDS) continue;
			this.#counts.delete(second);
			this.#delays.delete(second);
		}
		return Array.from({ length: SECONDS }, (_, index) => {
			const second = current - SECONDS + index;
			return { events: this.#counts.get(second) ?? 0, delayMilliseconds: median(this.#delays.get(second) ?? []) };
		});
	}
}

function median(values: readonly number[]): number | null {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}
