import { Rush } from "./rush.ts";

/** Beyond it, those that were not used for the longest time are dropped. */
const MAX_RUSHES = 1000;

/** The newcomers of each channel and region of clients. Each region has relays of its own. */
export class Newcomers {
	readonly #rushes = new Map<string, Rush>();

	of(channel: string, near: DurableObjectLocationHint | undefined): Rush {
		const key = `${channel}/${near ?? ""}`;
		const rush = this.#rushes.get(key) ?? new Rush();
		this.#rushes.delete(key);
		this.#rushes.set(key, rush);
		const [oldest] = this.#rushes.keys();
		if (this.#rushes.size > MAX_RUSHES && oldest !== undefined) this.#rushes.delete(oldest);
		return rush;
	}
}
