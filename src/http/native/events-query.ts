import { z } from "zod";
import { type Parameters, valuesOf } from "../../parameters.ts";
import { channelsSchema, hasOneStart, ONE_START, rewindSchema, sinceSchema, typesSchema } from "../subscribe-schema.ts";

/** Options for the schema of a parameter that may be given once. A parameter that is repeated arrives as an array. */
const once = (problem: string) => ({
	error: ({ input }: { input?: unknown }) => (Array.isArray(input) ? "must be given once" : problem),
});

/** The same, for a time. A `+` in a query means a space, so the `+` of the time's offset is lost unless it is encoded. */
const onceWithPlus: typeof once = (problem) => ({
	error: (issue) =>
		typeof issue.input === "string" && / \d{2}:?\d{2}$/.test(issue.input)
			? "must have the `+` of its offset encoded as `%2B`: in a query, `+` means a space"
			: once(problem).error(issue),
});

const flag = (description: string) =>
	z
		.enum(["0", "1"], once("must be 0 or 1"))
		.default("0")
		.meta({ description: `\`1\`: ${description}` });

/** Makes an array of a parameter that may be repeated. */
const listed = (values: unknown) => (typeof values === "string" ? [values] : values);

/** The names that other clients use for the cursor. */
export const CURSOR_ALIASES: ReadonlyMap<string, string> = new Map([
	["lastEventID", "lastEventId"],
	["last_event_id", "lastEventId"],
]);

/** The last cursor in a query: a client that appends its cursor to a URL leaves older ones before it. */
export function cursorIn(query: Parameters): string | undefined {
	return valuesOf(query, "lastEventId").findLast((value) => value !== "");
}

/** The query of `GET /events`, without the channels and the credentials. */
export const eventsQuerySchema = z
	.object({
		type: z
			.preprocess(listed, typesSchema)
			.prefault([])
			.meta({ description: "Only events of these types are delivered. Control events always are." }),
		rewind: rewindSchema(once),
		since: sinceSchema(onceWithPlus),
		envelope: flag("every event's data is an envelope, which tells its channel, id, type and time."),
		unnamed: flag("with `envelope=1`, events have no `event:` line."),
		inbox: flag("adds the caller's personal channel. `channel` may then be left out."),
		presence: flag("tells who comes and goes."),
		lastEventId: z.preprocess(listed, z.array(z.string())).optional().meta({
			description:
				"A cursor, for clients that cannot set `Last-Event-ID`. The header wins; then the last that is not empty. `lastEventID` and `last_event_id` mean the same.",
		}),
	})
	.refine(hasOneStart, ONE_START)
	.refine(({ envelope, unnamed }) => unnamed !== "1" || envelope === "1", {
		path: ["unnamed"],
		error: "needs `envelope=1`: without either, an event would not tell its type",
	});

/** The whole query, for the description. The channels are checked with the subscription, for every kind of stream. */
export const eventsParameters = z.object({
	channel: channelsSchema
		.optional()
		.meta({ description: "A channel; repeat it for several. Naming one twice is the same as once." }),
	...eventsQuerySchema.shape,
});

export const EVENTS_NAMES = [...Object.keys(eventsParameters.shape), "token", "ticket"];

export const eventsHeaders = z.object({
	"Last-Event-ID": z.string().optional().meta({ description: "The cursor to go on from: the last `id` that came." }),
});
