import type { EndReason } from "../wire/control.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { Offset } from "../wire/offset.ts";

/** A log as an audience reads it: that of this object, or that of the origin which a relay follows. */
export interface ReadableLog {
	/** The lowest valid cursor other than 0; 0 before the first event is visible. */
	readonly born: Offset;
	/** The position before the first event; 0 before the first event is visible. */
	readonly start: Offset;
	/** The offset of the last visible event; 0 before the first one; `start` after a wipe. */
	readonly head: Offset;
	/** How the log ended, once that is visible; `undefined` while events may be appended. */
	readonly ended: EndReason | undefined;
	/** The offset of the oldest visible event that is still retained. */
	oldest(now: number): Offset | undefined;
	/** Whether what follows a position can be read now. If not, it is on its way. */
	has(after: Offset): boolean;
	/** Yields the retained, visible events after a position, oldest first. They must be there: see {@link has}. */
	read(after: Offset, now: number): Iterable<StoredEvent>;
	/** Frees the memory of the events that were read. */
	clearCache(): void;
}
