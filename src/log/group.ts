import type { NewEvent, StoredEvent } from "../wire/event.ts";
import type { Json } from "../wire/json.ts";
import type { Offset } from "../wire/offset.ts";

/** The maximum size of a group. A larger event forms a group of its own. */
const MAX_GROUP_CHARACTERS = 262_144;
/** What numbers and punctuation add to an event. */
const OVERHEAD_CHARACTERS = 64;

/** The place of events that were committed together, and share a row. */
export interface GroupPlace {
	/** The offset of the first event. */
	first: Offset;
	/** The offset of the last event. */
	last: Offset;
	/** When they were published, in Unix milliseconds. */
	at: number;
}

/** Splits events into groups, each small enough for a row. */
export function groupsOf<Event extends NewEvent>(events: readonly Event[]): [Event, ...Event[]][] {
	const groups: [Event, ...Event[]][] = [];
	let characters = 0;
	for (const event of events) {
		const size = sizeOf(event);
		characters += size;
		const group = groups.at(-1);
		if (group && characters <= MAX_GROUP_CHARACTERS) {
			group.push(event);
		} else {
			groups.push([event]);
			characters = size;
		}
	}
	return groups;
}

/**
 * Writes a group as text: two lines an event. The first line is empty if it would be the same as that of the event
 * before. The second line is the data, which is never parsed: compact JSON has no line break.
 *
 * @example
 * writeGroup([{ type: "order", data: toJson(1) }, { type: "order", data: toJson(2) }]); // '{"type":"order"}\n1\n\n2\n'
 */
export function writeGroup(events: readonly NewEvent[]): string {
	let text = "";
	let before: NewEvent | undefined;
	for (const event of events) {
		const { type, retry, to, data } = event;
		const isSame = before?.type === type && before.retry === retry && before.to === to;
		text += isSame ? `\n${data}\n` : `${JSON.stringify({ type, retry, to })}\n${data}\n`;
		before = event;
	}
	return text;
}

/** Reads the events of a group that {@link writeGroup} wrote. */
export function readGroup(text: string, { first, at }: Pick<GroupPlace, "first" | "at">): StoredEvent[] {
	const lines = text.split("\n");
	const events: StoredEvent[] = [];
	let head: Omit<NewEvent, "data"> = { type: "" };
	for (let line = 0; line + 1 < lines.length; line += 2) {
		const written = lines[line];
		if (written) head = JSON.parse(written) as typeof head;
		events.push({ ...head, data: lines[line + 1] as Json, offset: first + line / 2, at });
	}
	return events;
}

function sizeOf({ type, data, to }: NewEvent): number {
	return OVERHEAD_CHARACTERS + type.length + data.length + (to ? JSON.stringify(to).length : 0);
}
