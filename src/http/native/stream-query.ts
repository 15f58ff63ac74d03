import type { Context } from "hono";
import { z } from "zod";
import { SEND_IN_REQUEST } from "../../auth/credentials.ts";
import { check } from "../../check.ts";
import { type Parameters, valuesOf } from "../../parameters.ts";
import type { SessionOptions } from "../../session/session-options.ts";
import { channelsSchema, rewindSchema, sinceSchema, typesSchema } from "../../wire/subscribe-schema.ts";
import { anonymousLease } from "../anonymous.ts";
import { type AppEnv, scopeOf } from "../context.ts";
import { readQuery } from "../reading/query.ts";
import { prepareSubscription, type SubscribeRequest } from "../subscribing.ts";

/** What the queries of all kinds of streams have in common. */

/** Options for the schema of a parameter that may be given once. A parameter that is repeated arrives as an array. */
export const once = (problem: string) => ({
	error: ({ input }: { input?: unknown }) => (Array.isArray(input) ? "must be given once" : problem),
});

/** The same, for a time. A `+` in a query means a space, so the `+` of the time's offset is lost unless it is encoded. */
const onceWithPlus: typeof once = (problem) => ({
	error: (issue) =>
		typeof issue.input === "string" && / \d{2}:?\d{2}$/.test(issue.input)
			? "must have the `+` of its offset encoded as `%2B`: in a query, `+` means a space"
			: once(problem).error(issue),
});

/** The schema of a parameter that is `0` or `1`. The description is of what is not the default. */
export function flag(description: string, byDefault: "0" | "1" = "0") {
	return z
		.enum(["0", "1"], once("must be 0 or 1"))
		.default(byDefault)
		.meta({ description: `\`${byDefault === "0" ? 1 : 0}\`: ${description}` });
}

/** Makes an array of a parameter that may be repeated. */
const listed = (values: unknown) => (typeof values === "string" ? [values] : values);

/** The parameters, without the channels and the credentials. */
export const streamShape = {
	type: z
		.preprocess(listed, typesSchema)
		.prefault([])
		.meta({ description: "Only events of these types are delivered. Control events always are." }),
	rewind: rewindSchema(once),
	since: sinceSchema(onceWithPlus),
	inbox: flag("adds the caller's personal channel. `channel` may then be left out."),
	presence: flag("tells who comes and goes."),
	lastEventId: z.preprocess(listed, z.array(z.string())).optional().meta({
		description:
			"A cursor, for clients that cannot set `Last-Event-ID`. The header wins; then the last that is not empty. `lastEventID` and `last_event_id` mean the same.",
	}),
};

/** The channels, for the description. They are checked with the subscription, for every kind of stream. */
export const channelParameter = channelsSchema
	.optional()
	.meta({ description: "A channel; repeat it for several. Naming one twice is the same as once." });

export const streamHeaders = z.object({
	"Last-Event-ID": z.string().optional().meta({ description: "The cursor to go on from: the last `id` that came." }),
});

export const CREDENTIAL_NAMES = ["token", "ticket"] as const;

/** The names that other clients use for the cursor. */
const CURSOR_ALIASES: ReadonlyMap<string, string> = new Map([
	["lastEventID", "lastEventId"],
	["last_event_id", "lastEventId"],
]);

type StreamQuery = z.output<z.ZodObject<typeof streamShape>>;

/** The query of a kind of streams. */
interface StreamQueryOptions<Query extends StreamQuery> {
	schema: z.ZodType<Query>;
	/** The names of all parameters. */
	names: readonly string[];
	/** Other spellings of names. */
	aliases?: ReadonlyMap<string, string>;
	told(query: Query): Pick<SubscribeRequest, "dialect" | "gaps">;
}

/**
 * Reads a request for a stream, verifies its credentials and authorises it.
 *
 * @throws Problem `invalid_request`, `invalid_channel` or `rate_limited`, and those of credentials and scope.
 */
export async function requestedStream<Query extends StreamQuery>(
	c: Context<AppEnv>,
	{ schema, names, aliases = new Map(), told }: StreamQueryOptions<Query>,
): Promise<SessionOptions> {
	const parameters = readQuery(c.req.url, names, new Map([...CURSOR_ALIASES, ...aliases]));
	const cursor = c.req.header("Last-Event-ID") || cursorIn(parameters);
	const channels = valuesOf(parameters, "channel");
	const inbox = valuesOf(parameters, "inbox").includes("1");
	const lease =
		(await c.get("authority").leaseFor(c.req.raw, parameters, cursor !== undefined)) ??
		(await anonymousLease(scopeOf(c), c.req.raw, { channels, inbox }, SEND_IN_REQUEST));
	const query = check(schema, parameters, "invalid_request", "The query");
	return await prepareSubscription(scopeOf(c), lease, {
		channels,
		inbox: query.inbox === "1",
		types: query.type,
		...told(query),
		presence: query.presence === "1",
		cursor,
		rewind: query.rewind,
		since: query.since,
	});
}

/** The last cursor in a query: a client that appends its cursor to a URL leaves older ones before it. */
function cursorIn(query: Parameters): string | undefined {
	return valuesOf(query, "lastEventId").findLast((value) => value !== "");
}
