import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { batchSchema, eventSchema, typeSchema } from "../../wire/intake.ts";
import { receiptSchema } from "../../wire/receipt.ts";
import { channelPath } from "../native/channels-schema.ts";
import { formSchema } from "../native/publish-body.ts";
import { publishHeaders, publishQuerySchema, subjectPath } from "../native/publish-schema.ts";
import { CHANNEL, CREDENTIALS, problems } from "./problems.ts";
import { oneOf } from "./security.ts";

const publishQuery = publishQuerySchema.extend({
	type: typeSchema.optional().meta({ description: "The event's type, where the body is `text/plain`." }),
});

function publishing(operationId: string, summary: string, path: z.ZodObject): ZodOpenApiOperationObject {
	return {
		operationId,
		tags: ["Publish"],
		summary,
		description: "The answer comes when the events are on disk.",
		security: oneOf("publishKey", "token"),
		requestParams: { path, query: publishQuery, header: publishHeaders },
		requestBody: {
			required: true,
			content: {
				"application/json": { schema: z.union([eventSchema, batchSchema]) },
				"application/x-www-form-urlencoded": { schema: formSchema },
				"text/plain": { schema: z.string().min(1).meta({ description: "The data, as it is." }) },
				"text/event-stream": { schema: z.string().min(1).meta({ description: "Frames, up to 100." }) },
			},
		},
		responses: {
			201: {
				description: "Where the events stand.",
				headers: z.object({
					"Idempotent-Replayed": z
						.literal("true")
						.optional()
						.meta({ description: "This is the answer to an earlier publish with the same `Idempotency-Key`." }),
				}),
				content: { "application/json": { schema: receiptSchema } },
			},
			...problems(
				"invalid_request",
				"invalid_channel",
				"invalid_event",
				...CREDENTIALS,
				...CHANNEL,
				"head_moved",
				"payload_too_large",
				"unsupported_media_type",
				"idempotency_mismatch",
				"rate_limited",
			),
		},
	};
}

/** Publishing. */
export const publishPaths = (): ZodOpenApiPathsObject => ({
	"/channels/{channel}/events": { post: publishing("publish", "Publish to a channel", channelPath) },
	"/users/{sub}/events": {
		post: publishing("publishToUser", "Publish to the personal channel of a user", subjectPath),
	},
});
