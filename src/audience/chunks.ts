import { formatCursor } from "../wire/cursor.ts";
import { DIALECTS } from "../wire/dialect/dialects.ts";
import type { StoredEvent } from "../wire/event.ts";
import { wantedOf } from "../wire/filter.ts";
import { encodeEvents, TEXT_AT } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import { writeStored } from "../wire/stored.ts";
import type { Subscription } from "../wire/subscription.ts";
import type { Chunk } from "./chunk.ts";
import type { Subscriber } from "./subscriber.ts";

/**
 * Encodes events that leave together.
 *
 * @param isReplay whether they were read from the log.
 * @returns the chunk for a subscriber; `undefined` where none of the events is for it.
 */
export function chunksOf(
	events: readonly StoredEvent[],
	channel: string,
	isReplay: boolean,
): (subscriber: Subscriber) => Chunk | undefined {
	const areAddressed = events.some(({ to }) => to !== undefined);
	const first = events[0]?.offset;
	const position = events.at(-1)?.offset;
	if (first === undefined || position === undefined) return () => undefined;
	const chunks = new Map<string, Chunk>();
	return ({ position: had, subscription }) => {
		// A subscriber that came in since has read some of them from the log.
		const news = had >= first ? events.filter(({ offset }) => offset > had) : events;
		const wanted = areAddressed || subscription.types ? wantedOf(news, subscription) : news;
		const last = wanted.at(-1)?.offset;
		if (last === undefined) return undefined;
		const { dialect } = subscription;
		const key = wanted === events ? dialect : `${dialect} ${wanted.map(({ offset }) => offset).join(" ")}`;
		const known = chunks.get(key);
		if (known) return known;
		const text = wanted.map((event) => write(event, channel, dialect)).join("");
		const count = wanted.length;
		const message = encodeEvents({ position, last, events: count, replayed: isReplay ? count : 0 }, text);
		const chunk = { last, events: count, message, text: message.subarray(TEXT_AT) };
		chunks.set(key, chunk);
		return chunk;
	};
}

/** Tells a session that everything up to a position was withheld from its client. */
export function withheldMessage(position: Offset): Uint8Array {
	return encodeEvents({ position, events: 0, replayed: 0 }, "");
}

function write(event: StoredEvent, channel: string, dialect: Subscription["dialect"]): string {
	if (dialect === "stored") return writeStored(event);
	return DIALECTS[dialect].event(event, channel, formatCursor(event.offset));
}
