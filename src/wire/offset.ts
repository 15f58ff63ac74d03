/**
 * An event's place in its channel's log. Offsets increase by one from event to event, jump ahead after a wipe, and are
 * never reused. A position is the offset of the last event already read; 0 is the beginning.
 */
export type Offset = number;
