import type { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { channelStateSchema } from "../../wire/state.ts";
import {
	channelPath,
	endedQuerySchema,
	endedSchema,
	historyQuerySchema,
	historySchema,
	subscribersSchema,
} from "../native/channels-schema.ts";
import { CHANNEL, CREDENTIALS, problems } from "./problems.ts";
import { oneOf } from "./security.ts";

interface Route {
	operationId: string;
	summary: string;
	query?: z.ZodType<unknown, Record<string, unknown>>;
	answer: z.ZodType;
	answers: string;
}

function administering(route: Route): ZodOpenApiOperationObject {
	const { operationId, summary, query, answer, answers } = route;
	return {
		operationId,
		tags: ["Administer"],
		summary,
		security: oneOf("publishKey"),
		requestParams: { path: channelPath, ...(query && { query }) },
		responses: {
			200: { description: answers, content: { "application/json": { schema: answer } } },
			...problems("invalid_request", "invalid_channel", ...CREDENTIALS, ...CHANNEL),
		},
	};
}

/** Showing and administering a channel. */
export const channelsPaths = (): ZodOpenApiPathsObject => ({
	"/channels/{channel}": {
		get: administering({
			operationId: "readChannel",
			summary: "How a channel stands",
			answer: channelStateSchema,
			answers: "How it stands.",
		}),
		delete: administering({
			operationId: "wipeChannel",
			summary: "End all streams and forget all events",
			answer: endedSchema,
			answers: "How many streams were ended.",
		}),
	},
	"/channels/{channel}/events": {
		get: administering({
			operationId: "readHistory",
			summary: "What a channel remembers",
			query: historyQuerySchema,
			answer: historySchema,
			answers: "The events, oldest first.",
		}),
	},
	"/channels/{channel}/subscribers": {
		get: administering({
			operationId: "listSubscribers",
			summary: "Who is listening",
			answer: subscribersSchema,
			answers: "The open streams, in the order in which they were opened.",
		}),
		delete: administering({
			operationId: "endSubscribers",
			summary: "End streams: those of a user, or one",
			query: endedQuerySchema,
			answer: endedSchema,
			answers: "How many streams were ended.",
		}),
	},
});
