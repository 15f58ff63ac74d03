import { z } from "zod";
import { whole } from "../whole.ts";
import { typeSchemaWith } from "./intake.ts";
import { channelSchema } from "./names.ts";
import { timeSchema } from "./time-schema.ts";

/** The options of a stream that a query and a WebSocket message have in common: as text in the one, as JSON in the other. */

const MAX_CHANNELS = 32;
const MAX_TYPES = 64;

const REWIND_HELP = "must be `all` or a whole number of at least 1";
const SINCE_HELP = "must be an RFC 3339 time such as `2026-01-31T12:00:00Z`, or Unix milliseconds";

/** The channels of a stream, without duplicates. The messages are whole sentences. */
export const channelsSchema = z
	.array(channelSchema)
	.min(1, "Name at least one channel: `/events?channel=orders`, or `channels` in the message.")
	.max(MAX_CHANNELS, `A stream can have at most ${MAX_CHANNELS} channels. Open another stream for the rest.`)
	.transform((channels) => channels as [string, ...string[]]);

/** Words the problem with a value, which may be of another type than expected. */
type Help = (problem: string) => { error: (issue: { input?: unknown }) => string };

const plainly: Help = (problem) => ({ error: () => problem });

export function rewindSchema(help = plainly) {
	return z
		.union([z.literal("all"), whole(1, 999_999_999, /^[1-9]\d{0,8}$/)], help(REWIND_HELP))
		.optional()
		.meta({ description: "Start with so many of the remembered events. Does nothing when there is a cursor." });
}

export function sinceSchema(help = plainly) {
	return z
		.union([whole(0, 999_999_999_999_999, /^\d{1,15}$/), timeSchema], help(SINCE_HELP))
		.optional()
		.meta({
			description:
				"Start with the remembered events from this time on, an RFC 3339 time or unix milliseconds. Does nothing when there is a cursor.",
		});
}

/** A type that can be published. A stream that asked for any other would wait for ever. */
const wantedTypeSchema = typeSchemaWith({
	empty: "leave it out for events of all types",
	reserved: "leave it out: control events come in any case, and `presence` asks for who comes and goes",
});

export const typesSchema = z.array(wantedTypeSchema).max(MAX_TYPES, `must be given at most ${MAX_TYPES} times`);

/** Both of them say where to start, so only one may be given. */
export function hasOneStart({ rewind, since }: { rewind?: unknown; since?: unknown }): boolean {
	return rewind === undefined || since === undefined;
}

export const ONE_START = { path: ["rewind"], error: "must not be combined with `since`; choose one" };
