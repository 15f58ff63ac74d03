import { type Context, Hono } from "hono";
import type { z } from "zod";
import { personalChannel } from "../../auth/grants.ts";
import type { Publisher } from "../../auth/publishers.ts";
import type { Config } from "../../config.ts";
import { firstMessage, Problem } from "../../errors.ts";
import { countPublish } from "../../metrics/tally.ts";
import type { PublishOutcome, PublishRequest } from "../../wire/calls.ts";
import { acceptEvents } from "../../wire/intake.ts";
import { subjectSchema } from "../../wire/names.ts";
import { callChannel, checkChannel } from "../channel-stub.ts";
import type { AppEnv, TidingsEnv } from "../context.ts";
import { limitRate } from "../rate-limit.ts";
import { pathParameter } from "../reading/path.ts";
import { checkQuery, readQuery } from "../reading/query.ts";
import { workerMeter } from "../worker-meter.ts";
import { readPublishBody } from "./publish-body.ts";
import {
	idempotencyKeySchema,
	ifMatchSchema,
	type PublishConditions,
	publishConditionsSchema,
	publishQuerySchema,
} from "./publish-schema.ts";

const QUERY_NAMES = Object.keys(publishQuerySchema.shape);
const TOO_OFTEN = "You publish more often than this service allows. Wait a little, or send batches.";

/** `POST /channels/{channel}/events` and `POST /users/{sub}/events`: publishing to a channel. */
export const publish = new Hono<AppEnv>()
	.post("/channels/:channel/events", (c) => publishTo(c, pathParameter(c, "channel")))
	.post("/users/:sub/events", (c) => publishTo(c, personalChannel(checkSubject(pathParameter(c, "sub")))));

/** @throws Problem `invalid_request` unless it may be a user's subject. */
export function checkSubject(subject: unknown): string {
	const checked = subjectSchema.safeParse(subject);
	if (checked.success) return checked.data;
	throw new Problem("invalid_request", `The subject ${firstMessage(checked.error)}.`);
}

/** @throws Problem `invalid_request` unless a publish can have these conditions. */
export function checkConditions(conditions: unknown): PublishConditions {
	return check(publishConditionsSchema, conditions);
}

async function publishTo(c: Context<AppEnv>, name: string): Promise<Response> {
	const authority = c.get("authority");
	const publisher = await authority.publisher(c.req.raw);
	const channel = checkChannel(name);
	await authority.allowPublish(publisher, channel);
	await limitRate(c.env.PUBLISH_RATE_LIMIT, publisher.id, TOO_OFTEN);
	const conditions = readConditions(c.req.raw.headers);
	const { type } = checkQuery(readQuery(c.req.url, QUERY_NAMES), publishQuerySchema);
	const { config } = authority;
	const events = await readPublishBody(c.req.raw, config.MAX_EVENT_BYTES, type);
	const { receipt, replayed } = await publishEvents(c.env, config, publisher, channel, events, conditions);
	return c.json(receipt, 201, replayed ? { "Idempotent-Replayed": "true" } : {});
}

/** Checks events and hands them to their channel. */
export async function publishEvents(
	env: TidingsEnv,
	config: Config,
	publisher: Publisher,
	channel: string,
	input: unknown,
	{ idempotencyKey, ifHead }: PublishConditions,
): Promise<Extract<PublishOutcome, { ok: true }>> {
	const events = acceptEvents(input, config.MAX_EVENT_BYTES);
	const request: PublishRequest = {
		events,
		...(idempotencyKey !== undefined && {
			idempotency: { key: ownKey(publisher, idempotencyKey), digest: await digestOf(events) },
		}),
		...(ifHead !== undefined && { ifHead }),
	};
	const startedAt = Date.now();
	const outcome = await callChannel(env, channel, async (stub): Promise<PublishOutcome> => await stub.publish(request));
	if (!outcome.ok) throw new Problem(outcome.code, outcome.detail);
	if (!outcome.replayed) {
		const milliseconds = Date.now() - startedAt;
		workerMeter(env, config)?.count(channel, (tally) => countPublish(tally, events.length, milliseconds));
	}
	return outcome;
}

/**
 * A user's keys are theirs alone. Backends share theirs, so that a publish can be repeated with the next publish key. No
 * key holds a space.
 */
function ownKey(publisher: Publisher, key: string): string {
	return publisher.kind === "user" ? `${key} ${publisher.user.sub}` : key;
}

function readConditions(headers: Headers): PublishConditions {
	const key = headers.get("Idempotency-Key");
	const ifMatch = headers.get("If-Match");
	return {
		idempotencyKey: key === null ? undefined : check(idempotencyKeySchema, key),
		ifHead: ifMatch === null ? undefined : check(ifMatchSchema, ifMatch),
	};
}

function check<Value>(schema: z.ZodType<Value>, value: unknown): Value {
	const checked = schema.safeParse(value);
	if (checked.success) return checked.data;
	throw new Problem("invalid_request", firstMessage(checked.error));
}

async function digestOf(value: unknown): Promise<string> {
	const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(value)));
	return new Uint8Array(digest).toHex();
}
