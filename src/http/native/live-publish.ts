import type { Context } from "hono";
import type { z } from "zod";
import type { Publisher } from "../../auth/publishers.ts";
import { endOfToken } from "../../auth/times.ts";
import { Problem } from "../../errors.ts";
import { whole } from "../../whole.ts";
import { ownKey, type PublishConditions } from "../../wire/conditions.ts";
import { LIVE_TYPES, type LiveType } from "../../wire/live/body-parser.ts";
import type { LivePublish } from "../../wire/live/live-link.ts";
import { mediaType } from "../body.ts";
import type { AppEnv } from "../context.ts";
import { MAX_LEASE_SECONDS, MAX_LINGER_MILLISECONDS, publishBody } from "../publishing-live.ts";
import { flag } from "./stream-query.ts";

/**
 * A publish with `live=1`, whose body is stored and shown as it arrives. The Worker hands the body on to the channel's
 * object as it is: `channel/live/`.
 */

/** The parameters of a publish that make it live. */
export const liveShape = {
	live: flag("the body's events are stored and shown as they arrive, however many they are."),
	linger: whole(0, MAX_LINGER_MILLISECONDS).optional().meta({
		description:
			"With `live=1`: how many milliseconds an event waits for others that are stored and shown together with it. Default: 0.",
	}),
	lease: whole(1, MAX_LEASE_SECONDS).optional().meta({
		description:
			"With `live=1`: the channel ends as `abandoned` when its producer has been gone for so many seconds without `end`. Default: it does not.",
	}),
};

type LiveQuery = z.output<z.ZodObject<typeof liveShape>>;

/** @throws Problem `invalid_request` for a parameter that would do nothing. */
export function checkLiveQuery({ live, linger, lease }: LiveQuery): void {
	if (live === "1" || (linger === undefined && lease === undefined)) return;
	const name = linger === undefined ? "lease" : "linger";
	throw new Problem("invalid_request", `\`${name}\` is for a live publish. Add \`live=1\`, or leave it out.`);
}

/** Hands a live publish to its channel. The answer comes at the end of its body. */
export async function publishLive(
	c: Context<AppEnv>,
	publisher: Publisher,
	channel: string,
	{ linger = 0, lease }: LiveQuery,
	{ ifHead, idempotencyKey, end }: PublishConditions,
): Promise<Response> {
	const request = c.req.raw;
	const identity = identityOf(publisher);
	const publish: LivePublish = {
		...identity,
		type: liveType(request),
		linger,
		...(lease !== undefined && { lease: lease * 1000 }),
		...(idempotencyKey !== undefined && { key: ownKey(idempotencyKey, identity.user) }),
		...(ifHead !== undefined && { ifHead }),
		...(end && { end }),
		request: c.get("requestId"),
	};
	const { receipt, replayed } = await publishBody(c.env, channel, publish, request.body);
	return c.json(receipt, 201, replayed ? { "Idempotent-Replayed": "true" } : {});
}

function liveType(request: Request): LiveType {
	const type = mediaType(request);
	const known = LIVE_TYPES.find((each) => each === type);
	if (known) return known;
	throw new Problem("unsupported_media_type", `With live=1, send one of the content types ${LIVE_TYPES.join(", ")}.`);
}

/** What the channel needs to know of the credentials. JWTs are in seconds, the rest of the service in milliseconds. */
function identityOf(publisher: Publisher): Pick<LivePublish, "publishKey" | "user" | "endsAt" | "issuedAt"> {
	if (publisher.kind !== "user") return { publishKey: publisher.id };
	const { sub, expires, issuedAt } = publisher.user;
	const endsAt = endOfToken(expires, Date.now());
	return { user: sub, endsAt, ...(issuedAt !== undefined && { issuedAt: issuedAt * 1000 }) };
}
