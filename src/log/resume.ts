import { formatCursor } from "../wire/cursor.ts";
import type { Start, StartRequest } from "../wire/subscription.ts";

/** What has to be known of a log to find a position in it. */
export interface LogView {
	/** The lowest position that a cursor of this channel can have, except 0. */
	born: number;
	head: number;
	oldest: number | undefined;
	firstSince(time: number): number | undefined;
}

/**
 * Finds the position where a stream starts.
 *
 * A trimmed stream keeps its old cursor until its client has been told of the gap. A client that disconnects before that
 * is told the next time.
 *
 * @example
 * findStart({ cursor: "41", position: 41 }, { born: 0, head: 42, oldest: 1, firstSince: () => 1 }); // { position: 41, cursor: 41, resumed: true }
 */
export function findStart(request: StartRequest, log: LogView): Start {
	if (request.cursor !== undefined) return resume(request.cursor, request.position, log);
	const position = withoutCursor(request, log);
	return { position, cursor: position, resumed: false };
}

function resume(cursor: string, offset: number | undefined, { born, head, oldest }: LogView): Start {
	const oldestCursor = oldest === undefined ? null : formatCursor(oldest);
	// 0 is the beginning: the client came before the first event.
	const isForeign = offset === undefined || offset > head || (offset < born && offset !== 0);
	if (isForeign) {
		const gap = { after: cursor, oldest: oldestCursor, reason: "foreign_cursor" } as const;
		return { position: head, cursor: head, resumed: false, gap };
	}
	const place = Math.max(offset, born);
	const first = oldest ?? head + 1;
	if (place + 1 < first) {
		return {
			position: first - 1,
			cursor: offset,
			resumed: false,
			gap: { after: formatCursor(offset), oldest: oldestCursor, reason: "trimmed" },
		};
	}
	return { position: place, cursor: offset, resumed: true };
}

function withoutCursor({ rewind, since }: StartRequest, { head, oldest, firstSince }: LogView): number {
	const first = oldest ?? head + 1;
	if (rewind === "all") return first - 1;
	if (rewind !== undefined) return Math.max(head - rewind, first - 1);
	if (since !== undefined) return (firstSince(since) ?? head + 1) - 1;
	return head;
}
