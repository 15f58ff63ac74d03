import { Problem } from "../../errors.ts";

/** Nobody can be held back to free it: each body waits for the rest of its event. A single event is always smaller. */
const MAX_CHARACTERS = 16_777_216;

/** Counts what all live publishes of a channel hold of events that are not complete yet: it is in memory. */
export class Unfinished {
	#characters = 0;

	/**
	 * A live publish holds so many more characters, or fewer.
	 *
	 * @throws Problem `channel_full` when it is too much.
	 */
	add(characters: number): void {
		this.#characters += characters;
		if (characters <= 0 || this.#characters <= MAX_CHARACTERS) return;
		const detail =
			"The channel's live publishes hold too much of events that are not complete. Send the rest again later.";
		throw new Problem("channel_full", detail);
	}
}
