/**
 * An event's place in its channel's log. Offsets rise by one from event to event, and none is used twice. A position in a
 * log is the offset of the last event before it; 0 is the beginning.
 */
export type Offset = number;
