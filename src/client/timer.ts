/** Something that is to happen later, unless it is set again or cleared before. */
export class Timer {
	#handle: ReturnType<typeof setTimeout> | undefined;

	set(call: () => void, milliseconds: number): void {
		this.clear();
		this.#handle = setTimeout(call, milliseconds);
	}

	clear(): void {
		if (this.#handle !== undefined) clearTimeout(this.#handle);
	}
}
