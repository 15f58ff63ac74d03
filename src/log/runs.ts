import type { StoredEvent } from "../wire/event.ts";

/** The maximum length of the data in a run. A longer event forms a run of its own. */
const MAX_RUN_CHARACTERS = 262_144;

/** Splits events into runs, each small enough for one SQL statement. */
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
