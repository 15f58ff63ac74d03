import { envelopeFrame, eventFrame, unnamedFrame } from "../wire/dialect/frame.ts";
import { eventMessage } from "../wire/dialect/message.ts";
import type { EventForm, StoredEvent } from "../wire/event.ts";
import { encodeEvents, FRAMES_AT } from "../wire/link.ts";
import type { Chunk } from "./chunk.ts";
import type { Subscriber } from "./subscriber.ts";

const WRITERS: Record<EventForm, (event: StoredEvent, channel: string) => string> = {
	frame: eventFrame,
	envelope: envelopeFrame,
	unnamed: unnamedFrame,
	message: eventMessage,
};

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
	const first = events[0]?.offset ?? 0;
	const position = events.at(-1)?.offset ?? 0;
	const chunks = new Map<string, Chunk>();
	return (subscriber) => {
		// One that has come in since has read some of them from the log.
		const news = subscriber.position >= first ? events.filter(({ offset }) => offset > subscriber.position) : events;
		const wanted = areAddressed || subscriber.isSelective ? news.filter((event) => subscriber.wants(event)) : news;
		const offset = wanted.at(-1)?.offset;
		if (offset === undefined) return undefined;
		const { form } = subscriber.subscription;
		const key = wanted === events ? form : `${form} ${wanted.map(({ offset }) => offset).join(" ")}`;
		const known = chunks.get(key);
		if (known) return known;
		const text = wanted.map((event) => WRITERS[form](event, channel)).join("");
		const count = wanted.length;
		const message = encodeEvents({ position, offset, events: count, replayed: isReplay ? count : 0 }, text);
		const chunk = { offset, events: count, message, frames: message.subarray(FRAMES_AT) };
		chunks.set(key, chunk);
		return chunk;
	};
}

/** Tells a relay that everything up to a position was withheld from its client. */
export function withheldMessage(position: number): Uint8Array {
	return encodeEvents({ position, offset: 0, events: 0, replayed: 0 }, "");
}
