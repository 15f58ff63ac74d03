import type { Context } from "hono";
import { z } from "zod";
import type { ZodOpenApiOperationObject } from "zod-openapi";
import { personalChannel } from "../../auth/grants.ts";
import { rulesFor } from "../../channel-rules.ts";
import { check } from "../../check.ts";
import { limitPublishing } from "../../rate-limit.ts";
import { idempotencyKeySchema, type PublishConditions } from "../../wire/conditions.ts";
import { batchSchema, eventSchema, typeSchema } from "../../wire/intake.ts";
import { subjectSchema } from "../../wire/names.ts";
import { liveReceiptSchema, receiptSchema } from "../../wire/receipt.ts";
import { checkChannel, checkSubject } from "../check.ts";
import type { AppEnv } from "../context.ts";
import { CHANNEL, CREDENTIALS, problems } from "../openapi/problems.ts";
import { oneOf } from "../openapi/security.ts";
import { publishEvents } from "../publishing.ts";
import { pathParameter } from "../reading/path.ts";
import { readQuery } from "../reading/query.ts";
import type { Route } from "../route.ts";
import { CHANNEL_EVENTS_PATH, channelParameter } from "./channel.ts";
import { checkLiveQuery, liveShape, publishLive } from "./live-publish.ts";
import { formSchema, readPublishBody } from "./publish-body.ts";
import { flag } from "./stream-query.ts";

/** The type itself is checked with the event. */
const querySchema = z.object({
	type: z.string("must be given once").optional(),
	...liveShape,
	end: flag("the channel ends after these events. The body may then be empty, of any type."),
});

const QUERY_NAMES = Object.keys(querySchema.shape);

const ifMatchSchema = z
	.string()
	.regex(/^"\d{1,16}"$/, 'If-Match must be one id in quotes, the channel\'s head: `If-Match: "1795223089000001"`.')
	.transform((quoted) => quoted.slice(1, -1))
	.meta({ description: "One id in double quotes. The publish goes through only while that is the channel's head." });

/** `POST /channels/{channel}/events`: publishes to a channel. */
export const publish: Route = {
	path: CHANNEL_EVENTS_PATH,
	method: "post",
	handle: (c) => publishTo(c, pathParameter(c, "channel")),
	describe: () => describePublishing("publish", "Publish to a channel", channelParameter),
};

/** `POST /users/{sub}/events`: publishes to the personal channel of a user. */
export const publishToUser: Route = {
	path: "/users/{sub}/events",
	method: "post",
	handle: (c) => publishTo(c, personalChannel(checkSubject(pathParameter(c, "sub")))),
	describe: () => {
		const sub = subjectSchema.meta({ description: "A user's subject, percent-encoded.", examples: ["auth0|1"] });
		return describePublishing("publishToUser", "Publish to the personal channel of a user", z.object({ sub }));
	},
};

async function publishTo(c: Context<AppEnv>, name: string): Promise<Response> {
	const authority = c.get("authority");
	const config = c.get("config");
	const publisher = await authority.publisher(c.req.raw);
	const channel = checkChannel(name);
	await authority.allowPublish(publisher, channel);
	await limitPublishing(c.env, publisher);
	const conditions = readConditions(c.req.raw.headers);
	const query = check(querySchema, readQuery(c.req.url, QUERY_NAMES), "invalid_request", "The query");
	checkLiveQuery(query);
	const options = { ...conditions, end: query.end === "1" };
	if (query.live === "1") return await publishLive(c, publisher, channel, query, options);
	const { maxEventBytes } = rulesFor(config, channel);
	const events = await readPublishBody(c.req.raw, maxEventBytes, query.type, options.end);
	const { receipt, replayed } = await publishEvents(c.env, config, publisher, channel, events, options);
	return c.json(receipt, 201, replayed ? { "Idempotent-Replayed": "true" } : {});
}

function readConditions(headers: Headers): PublishConditions {
	const key = headers.get("Idempotency-Key");
	const ifMatch = headers.get("If-Match");
	return {
		idempotencyKey: key === null ? undefined : check(idempotencyKeySchema, key, "invalid_request"),
		ifHead: ifMatch === null ? undefined : check(ifMatchSchema, ifMatch, "invalid_request"),
	};
}

function describePublishing(operationId: string, summary: string, path: z.ZodObject): ZodOpenApiOperationObject {
	const query = querySchema.extend({
		type: typeSchema.optional().meta({ description: "The event's type, where the body is `text/plain`." }),
	});
	const header = z.object({ "Idempotency-Key": idempotencyKeySchema.optional(), "If-Match": ifMatchSchema.optional() });
	return {
		operationId,
		tags: ["Publish"],
		summary,
		description: "The answer comes when the events are on disk; with `live=1`, when the body has ended as well.",
		security: oneOf("publishKey", "token"),
		requestParams: { path, query, header },
		requestBody: {
			required: false,
			content: {
				"application/json": { schema: z.union([eventSchema, batchSchema]) },
				"application/x-www-form-urlencoded": { schema: formSchema },
				"text/plain": { schema: z.string().min(1).meta({ description: "The data, as it is." }) },
				"text/event-stream": {
					schema: z.string().min(1).meta({ description: "Frames, up to 100; any number with `live=1`." }),
				},
				"application/x-ndjson": {
					schema: z.string().meta({ description: "With `live=1`: one event a line, as JSON." }),
				},
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
				content: { "application/json": { schema: z.union([receiptSchema, liveReceiptSchema]) } },
			},
			...problems(
				"invalid_request",
				"invalid_channel",
				"invalid_event",
				...CREDENTIALS,
				...CHANNEL,
				"channel_ended",
				"head_moved",
				"payload_too_large",
				"unsupported_media_type",
				"idempotency_mismatch",
				"rate_limited",
				"channel_full",
			),
		},
	};
}
