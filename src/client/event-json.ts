import { flawOf } from "../wire/json-value.ts";

/**
 * Writes an event or a batch as JSON. `JSON.stringify` would silently drop a `Map`, and turn `NaN` into `null`.
 *
 * @throws TypeError for anything that JSON cannot hold, with a message that names the place.
 *
 * @example
 * eventJson([{ data: 1 }, { data: { tags: ["a"] } }]); // '[{"data":1},{"data":{"tags":["a"]}}]'
 */
export function eventJson(events: unknown): string {
	const flaw = flawOf(events);
	if (!flaw) return JSON.stringify(events);
	const [index, ...rest] = flaw.path;
	const isInBatch = Array.isArray(events) && index !== undefined;
	const path = isInBatch ? rest : flaw.path;
	const place = path.length > 0 ? `\`${path.join(".")}\`` : "The event";
	throw new TypeError(`${isInBatch ? `Event ${index} of the batch: ` : ""}${place} ${flaw.problem}.`);
}
