import { formatCursor } from "../wire/cursor.ts";
import { DIALECTS } from "../wire/dialect/dialects.ts";
import type { StoredEvent } from "../wire/event.ts";
import { wantedOf } from "../wire/filter.ts";
import { encodeEvents } from "../wire/link.ts";
import type { Offset } from "../wire/offset.ts";
import { writeStored, writeWhole } from "../wire/stored.ts";
import type { Subscription } from "../wire/subscription.ts";
import { Chunk } from "./chunk.ts";
import type { Subscriber } from "./subscriber.ts";

/** The maximum number of distinct selections of a piece of the log that are kept. A piece may be kept for long. */
const MAX_REPLAYED_SELECTIONS = 4;

/**
 * Encodes a batch, once for each distinct selection and dialect.
 *
 * @param isReplay whether they were read from the log.
 * @returns a function that returns a subscriber's chunk, or `undefined` if all events are filtered out.
 */
export function chunksOf(
	events: readonly StoredEvent[],
	channel: string,
	isReplay: boolean,
): (subscriber: Pick<Subscriber, "position" | "subscription">) => Chunk | undefined {
	const areAddressed = events.some(({ to }) => to !== undefined);
	const first = events[0]?.offset;
	const position = events.at(-1)?.offset;
	if (first === undefined || position === undefined) return () => undefined;
	const chunks = new Map<string, Chunk>();
	return ({ position: had, subscription }) => {
		// A subscriber that joined since got some of them by replay.
		const news = had >= first ? events.filter(({ offset }) => offset > had) : events;
		const { dialect } = subscription;
		const isSelected = dialect !== "whole" && (areAddressed || subscription.types !== undefined);
		const wanted = isSelected ? wantedOf(news, subscription) : news;
		const last = wanted.at(-1)?.offset;
		if (last === undefined) return undefined;
		const key = wanted === events ? dialect : `${dialect} ${wanted.map(({ offset }) => offset).join(" ")}`;
		const known = chunks.get(key);
		if (known) return known;
		const texts = wanted.map((event) => write(event, channel, dialect));
		const chunk = new Chunk({ texts, dialect, last, position, isReplay });
		const [oldest] = chunks.keys();
		if (isReplay && chunks.size >= MAX_REPLAYED_SELECTIONS && oldest !== undefined) chunks.delete(oldest);
		chunks.set(key, chunk);
		return chunk;
	};
}

/** The message that moves a session past events that were all filtered out. */
export function withheldMessage(position: Offset): Uint8Array {
	return encodeEvents({ position, events: 0, replayed: 0, bytes: 0 }, new Uint8Array());
}

function write(event: StoredEvent, channel: string, dialect: Subscription["dialect"]): string {
	if (dialect === "stored") return writeStored(event);
	if (dialect === "whole") return writeWhole(event);
	return DIALECTS[dialect].event(event, channel, formatCursor(event.offset));
}
