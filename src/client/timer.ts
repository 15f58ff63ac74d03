/** `setTimeout` fires at once for anything longer. */
const MAX_MILLISECONDS = 2 ** 31 - 1;

/** A call that is due later, unless the timer is set again or cleared first. */
export class Timer {
	#handle: ReturnType<typeof setTimeout> | undefined;

	/** Calls back after so many milliseconds, but at most 24 days. */
	set(call: () => void, milliseconds: number): void {
		this.clear();
		this.#handle = setTimeout(call, Math.min(milliseconds, MAX_MILLISECONDS));
	}

	clear(): void {
		if (this.#handle !== undefined) clearTimeout(this.#handle);
	}
}
