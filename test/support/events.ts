import type { NewEvent, StoredEvent } from "../../src/wire/event.ts";
import type { Json } from "../../src/wire/json.ts";

/** What a test changes of an event. `data` is JSON text. */
type Changes<Event extends NewEvent> = Partial<Omit<Event, "data">> & { data?: string };

/** An event as it comes to a log. */
export function newEvent({ data = '"x"', ...rest }: Changes<NewEvent> = {}): NewEvent {
	return { type: "message", data: data as Json, ...rest };
}

/** An event as it is in a log. */
export function storedEvent(changes: Changes<StoredEvent> = {}): StoredEvent {
	return { offset: 7, at: 1_795_223_089_123, ...newEvent(changes), ...changes } as StoredEvent;
}
