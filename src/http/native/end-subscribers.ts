import { z } from "zod";
import { check } from "../../check.ts";
import { subjectSchema } from "../../wire/names.ts";
import { callChannel } from "../call-channel.ts";
import { readQuery } from "../reading/query.ts";
import type { Route } from "../route.ts";
import {
	administeredChannel,
	CHANNEL_SUBSCRIBERS_PATH,
	describeAdministering,
	type Ended,
	endedSchema,
} from "./channel.ts";

/** Whose streams are ended. Exactly one of the two is required, so that leaving it out never ends everybody's streams. */
const querySchema = z
	.object({
		user: subjectSchema
			.optional()
			.meta({ description: "Ends all streams of this subject, and refuses what was issued to them before." }),
		connection: z
			.string("must be given once")
			.min(1, "must not be empty")
			.optional()
			.meta({ description: "Ends one stream, by its id." }),
	})
	.transform(({ user, connection }, context): { user: string } | { connection: string } => {
		if (user !== undefined && connection === undefined) return { user };
		if (connection !== undefined && user === undefined) return { connection };
		context.addIssue("must say whose streams to end: either `?user=` or `?connection=`");
		return z.NEVER;
	});

const QUERY_NAMES = Object.keys(querySchema.in.shape);

/** `DELETE /channels/{channel}/subscribers`: ends the streams of a user, or one stream. */
export const endSubscribers: Route = {
	path: CHANNEL_SUBSCRIBERS_PATH,
	method: "delete",
	handle: async (c) => {
		const channel = await administeredChannel(c);
		const which = check(querySchema, readQuery(c.req.url, QUERY_NAMES), "invalid_request", "The query");
		const ended = await callChannel(c.env, { channel }, async (stub) => await stub.endSubscribers(which));
		return c.json<Ended>({ channel, ended });
	},
	describe: () =>
		describeAdministering({
			operationId: "endSubscribers",
			summary: "End streams: those of a user, or one",
			query: querySchema,
			answer: endedSchema,
			answers: "How many streams were ended.",
		}),
};
