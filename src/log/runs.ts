import type { StoredEvent } from "../wire/event.ts";

/** So much data goes into one statement; an event with more than that goes alone. */
const MAX_RUN_CHARACTERS = 262_144;

/** Cuts events into runs of which each can be written with one statement: a bound value has at most 2 MB. */
export function runsOf(events: readonly StoredEvent[]): StoredEvent[][] {
	const runs: StoredEvent[][] = [];
	let characters = MAX_RUN_CHARACTERS;
	for (const event of events) {
		characters += event.data.length;
		if (characters > MAX_RUN_CHARACTERS) {
			runs.push([]);
			characters = event.data.length;
		}
		runs.at(-1)?.push(event);
	}
	return runs;
}
