/** A timer that is set to more goes off at once. */
const MAX_MILLISECONDS = 2 ** 31 - 1;

/** Something that is to happen later, unless it is set again or cleared before. */
export class Timer {
	#handle: ReturnType<typeof setTimeout> | undefined;

	/** Calls back after so many milliseconds; after the most that a timer can take, where they are more. */
	set(call: () => void, milliseconds: number): void {
		this.clear();
		this.#handle = setTimeout(call, Math.min(milliseconds, MAX_MILLISECONDS));
	}

	clear(): void {
		if (this.#handle !== undefined) clearTimeout(this.#handle);
	}
}
