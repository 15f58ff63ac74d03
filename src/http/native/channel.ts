import type { Context } from "hono";
import { z } from "zod";
import type { ZodOpenApiOperationObject } from "zod-openapi";
import { channelSchema } from "../../wire/names.ts";
import { checkChannel } from "../check.ts";
import type { AppEnv } from "../context.ts";
import { CHANNEL, CREDENTIALS, problems } from "../openapi/problems.ts";
import { oneOf } from "../openapi/security.ts";
import { pathParameter } from "../reading/path.ts";

/** What the routes below `/channels/{channel}` have in common. */

export const CHANNEL_PATH = "/channels/{channel}";
export const CHANNEL_EVENTS_PATH = `${CHANNEL_PATH}/events`;
export const CHANNEL_SUBSCRIBERS_PATH = `${CHANNEL_PATH}/subscribers`;

export const channelParameter = z.object({ channel: channelSchema });

/** The answer of the routes that end streams. */
export const endedSchema = z
	.object({ channel: z.string(), ended: z.int().min(0).meta({ description: "How many streams were ended." }) })
	.meta({ id: "Ended" });
export type Ended = z.output<typeof endedSchema>;

/**
 * The channel in the path, for a backend whose publish key covers it. A token is not accepted: these routes show events
 * that are addressed to other users.
 */
export async function administeredChannel(c: Context<AppEnv>): Promise<string> {
	const name = pathParameter(c, "channel");
	const authority = c.get("authority");
	const publisher = await authority.administrator(c.req.raw);
	const channel = checkChannel(name);
	await authority.allowPublish(publisher, channel);
	return channel;
}

/** Describes a route that shows or administers a channel. */
export function describeAdministering(route: {
	operationId: string;
	summary: string;
	query?: z.ZodType<unknown, Record<string, unknown>>;
	answer: z.ZodType;
	answers: string;
}): ZodOpenApiOperationObject {
	const { operationId, summary, query, answer, answers } = route;
	return {
		operationId,
		tags: ["Administer"],
		summary,
		security: oneOf("publishKey"),
		requestParams: { path: channelParameter, ...(query && { query }) },
		responses: {
			200: { description: answers, content: { "application/json": { schema: answer } } },
			...problems("invalid_request", "invalid_channel", ...CREDENTIALS, ...CHANNEL),
		},
	};
}
