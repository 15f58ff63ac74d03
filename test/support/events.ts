import type { NewEvent, StoredEvent } from "../../src/wire/event.ts";

/** An event as it comes to a log. Its `data` is JSON text. */
export function newEvent(overrides: Partial<NewEvent> = {}): NewEvent {
	return { type: "message", data: '"x"', ...overrides };
}

/** An event as it stands in a log. Its `data` is JSON text. */
export function storedEvent(overrides: Partial<StoredEvent> = {}): StoredEvent {
	return { ...newEvent(overrides), offset: 7, at: 1_795_223_089_123, ...overrides };
}
