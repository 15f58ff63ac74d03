import { z } from "zod";
import { check } from "../../check.ts";
import { whole } from "../../whole.ts";
import { idSchema } from "../../wire/cursor.ts";
import type { Envelope } from "../../wire/envelope.ts";
import { callChannel } from "../call-channel.ts";
import { readQuery } from "../reading/query.ts";
import type { Route } from "../route.ts";
import { administeredChannel, CHANNEL_EVENTS_PATH, describeAdministering } from "./channel.ts";

const querySchema = z.object({
	after: idSchema
		.transform(Number)
		.pipe(z.int("must be the id of an event"))
		.prefault("0")
		.meta({ description: "The id of the event after which the list starts." }),
	limit: whole(1, 1000, /^\d{1,4}$/)
		.prefault(100)
		.meta({ description: "How many events at most." }),
});

const QUERY_NAMES = Object.keys(querySchema.shape);

/** `GET /channels/{channel}/events`: the events that a channel remembers. */
export const history: Route = {
	path: CHANNEL_EVENTS_PATH,
	method: "get",
	handle: async (c) => {
		const channel = await administeredChannel(c);
		const query = readQuery(c.req.url, QUERY_NAMES);
		const { after, limit } = check(querySchema, query, "invalid_request", "The query");
		const events = await callChannel(c.env, { channel }, (stub) => stub.eventsJson(after, limit));
		return c.body(events, 200, { "Content-Type": "application/json" });
	},
	describe: () =>
		describeAdministering({
			operationId: "readHistory",
			summary: "What a channel remembers",
			query: querySchema,
			answer: z.array(envelopeSchema()),
			answers: "The events, oldest first.",
		}),
};

function envelopeSchema(): z.ZodType<Envelope> {
	return z
		.object({
			channel: z.string(),
			id: idSchema,
			type: z.string(),
			at: z.int().meta({ description: "When it was published, in unix milliseconds." }),
			data: z.unknown(),
		})
		.meta({ id: "Envelope" });
}
