import { z } from "zod";

/** What a stream may be asked for, wherever it stands: in a query as text, or in a message as JSON. */

const MAX_TYPES = 64;

export const REWIND_HELP = "must be a whole number from 1 on, or `all`";
export const SINCE_HELP = "must be an RFC 3339 time such as `2026-01-31T12:00:00Z`, or unix milliseconds";

export const rewindSchema = z.union([z.literal("all"), digits(/^[1-9]\d{0,8}$/)], REWIND_HELP);

export const sinceSchema = z.union(
	[digits(/^\d{1,15}$/), z.iso.datetime({ offset: true }).transform(Date.parse)],
	SINCE_HELP,
);

export const typesSchema = z.array(z.string()).max(MAX_TYPES, `must be given at most ${MAX_TYPES} times`);

/** One of the two says where to start. */
export function hasOneStart({ rewind, since }: { rewind?: unknown; since?: unknown }): boolean {
	return rewind === undefined || since === undefined;
}

export const ONE_START = { path: ["rewind"], error: "must not come with `since`; choose one" };

function digits(pattern: RegExp) {
	return z.union([z.string(), z.number()]).transform(String).pipe(z.string().regex(pattern)).transform(Number);
}
