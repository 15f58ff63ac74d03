/** A cache of the values that were used most recently, bounded by their size. */
export class Recent<Key, Value> {
	readonly #maxSize: number;
	readonly #sizeOf: (value: Value) => number;
	/** The least recently used one first. */
	readonly #values = new Map<Key, Value>();
	#size = 0;

	/**
	 * @param maxSize the maximum size of all values together. The newest value is kept whatever its size.
	 * @param sizeOf the size of a value, which must not change.
	 */
	constructor(maxSize: number, sizeOf: (value: Value) => number) {
		this.#maxSize = maxSize;
		this.#sizeOf = sizeOf;
	}

	has(key: Key): boolean {
		return this.#values.has(key);
	}

	get(key: Key): Value | undefined {
		const value = this.#values.get(key);
		if (value === undefined) return undefined;
		this.#values.delete(key);
		this.#values.set(key, value);
		return value;
	}

	set(key: Key, value: Value): void {
		this.#delete(key);
		this.#values.set(key, value);
		this.#size += this.#sizeOf(value);
		for (const oldest of this.#values.keys()) {
			if (this.#size <= this.#maxSize || oldest === key) break;
			this.#delete(oldest);
		}
	}

	clear(): void {
		this.#values.clear();
		this.#size = 0;
	}

	#delete(key: Key): void {
		const value = this.#values.get(key);
		if (value === undefined) return;
		this.#values.delete(key);
		this.#size -= this.#sizeOf(value);
	}
}
