import { Recent } from "../../recent.ts";
import { Rush } from "./rush.ts";

/** Beyond it, those that were not used for the longest time are dropped. */
const MAX_RUSHES = 1000;

/** The newcomers of each channel and region of clients. Each region has relays of its own. */
export class Newcomers {
	readonly #rushes = new Recent<string, Rush>(MAX_RUSHES, () => 1);

	of(channel: string, near: DurableObjectLocationHint | undefined): Rush {
		const key = `${channel}/${near ?? ""}`;
		const known = this.#rushes.get(key);
		if (known) return known;
		const rush = new Rush();
		this.#rushes.set(key, rush);
		return rush;
	}
}
