import { formatCursor } from "../wire/cursor.ts";
import type { Offset } from "../wire/offset.ts";
import type { LogGap, Start, StartRequest, Subscription } from "../wire/subscription.ts";

/** What `findStart` needs to know about a log. */
export interface LogView {
	/** The lowest valid cursor other than 0. */
	born: Offset;
	head: Offset;
	oldest: Offset | undefined;
	firstSince(time: number): Offset | undefined;
}

/**
 * Finds the position where a stream starts.
 *
 * After a trim, the client keeps its old cursor until it has read the gap. If it disconnects before, it gets the gap
 * again. A client that ignores gaps starts with the oldest retained event.
 *
 * @example
 * findStart({ cursor: "41", position: 41 }, { born: 0, head: 42, oldest: 1, firstSince: () => 1 }); // { position: 41, cursor: 41, resumed: true }
 */
export function findStart(request: StartRequest & Pick<Subscription, "gaps">, log: LogView): Start {
	if (request.cursor === undefined) return startAt(withoutCursor(request, log));
	const start = resume(request.cursor, request.position, log);
	return start.gap && request.gaps === "ignored" ? startAt(withoutCursor({ rewind: "all" }, log)) : start;
}

function startAt(position: Offset): Start {
	return { position, cursor: position, resumed: false };
}

function resume(cursor: string, offset: Offset | undefined, { born, head, oldest }: LogView): Start {
	// 0 is always valid: the client connected before the first event.
	const isForeign = offset === undefined || offset > head || (offset < born && offset !== 0);
	if (isForeign) {
		const gap = { after: cursor, oldest: oldestCursorOf(oldest), reason: "foreign_cursor" } as const;
		return { position: head, cursor: head, resumed: false, gap };
	}
	const trimmed = trimmedAfter(offset, { born, head, oldest });
	if (trimmed) return { ...trimmed, cursor: offset, resumed: false };
	return { position: Math.max(offset, born), cursor: offset, resumed: true };
}

/**
 * Finds what was trimmed after a position.
 *
 * @returns the gap, and the position after it; `undefined` if everything after the position is retained.
 *
 * @example
 * trimmedAfter(41, { born: 0, head: 50, oldest: 45 }); // { position: 44, gap: { after: "41", oldest: "45", reason: "trimmed" } }
 */
export function trimmedAfter(
	position: Offset,
	{ born, head, oldest }: Pick<LogView, "born" | "head" | "oldest">,
): { position: Offset; gap: LogGap } | undefined {
	const first = oldest ?? head + 1;
	// A client that connected before the first event is at 0.
	if (Math.max(position, born) + 1 >= first) return undefined;
	const gap = { after: formatCursor(position), oldest: oldestCursorOf(oldest), reason: "trimmed" } as const;
	return { position: first - 1, gap };
}

function oldestCursorOf(oldest: Offset | undefined): string | null {
	return oldest === undefined ? null : formatCursor(oldest);
}

function withoutCursor({ rewind, since }: StartRequest, { head, oldest, firstSince }: LogView): number {
	const first = oldest ?? head + 1;
	if (rewind === "all") return first - 1;
	if (rewind !== undefined) return Math.max(head - rewind, first - 1);
	if (since !== undefined) return (firstSince(since) ?? head + 1) - 1;
	return head;
}
