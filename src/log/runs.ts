import type { StoredEvent } from "../wire/event.ts";

/** The maximum size of a run. A larger event forms a run of its own. */
const MAX_RUN_CHARACTERS = 262_144;
/** What numbers and punctuation add to an event. */
const OVERHEAD_CHARACTERS = 64;

/** Splits events into runs, each small enough for one SQL statement. */
export function runsOf(events: readonly StoredEvent[]): StoredEvent[][] {
	const runs: StoredEvent[][] = [];
	let characters = MAX_RUN_CHARACTERS;
	for (const event of events) {
		const size = sizeOf(event);
		characters += size;
		if (characters > MAX_RUN_CHARACTERS) {
			runs.push([]);
			characters = size;
		}
		runs.at(-1)?.push(event);
	}
	return runs;
}

function sizeOf({ type, data, to }: StoredEvent): number {
	return OVERHEAD_CHARACTERS + type.length + data.length + (to ? JSON.stringify(to).length : 0);
}
