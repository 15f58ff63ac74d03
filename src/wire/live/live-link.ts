import { z } from "zod";
import { Problem } from "../../errors.ts";
import { asciiJson, type LinkHeaders } from "../link.ts";
import { LIVE_TYPES } from "./body-parser.ts";

/**
 * How the Worker hands a live publish to a channel. The body of the request is the producer's, as it arrives; a header
 * carries who publishes, and how. The answer is the producer's too.
 */

const HEADER = "Tidings-Live";

const livePublishSchema = z.strictObject({
	type: z.enum(LIVE_TYPES),
	/** The id of the publish key; absent for a user. The log tells it. */
	publishKey: z.string().optional(),
	/** The subject of a user who publishes with a token; absent for a publish key. */
	user: z.string().optional(),
	/** When the credentials end, in Unix milliseconds; absent for a publish key, which does not. */
	endsAt: z.number().optional(),
	/** The earliest time that the credentials can have been issued at, in Unix milliseconds, if it is known. */
	issuedAt: z.number().optional(),
	/** How long events wait for others that are stored together with them, in milliseconds. */
	linger: z.number(),
	/** When the channel ends once its publishers have gone, in milliseconds. Absent: it does not end by itself. */
	lease: z.number().optional(),
	/** The idempotency key, as the channel knows it. */
	key: z.string().optional(),
	/** The cursor that must be the channel's head when the first events are stored. */
	ifHead: z.string().optional(),
	/** Whether the channel ends with the body, unless that breaks off. */
	end: z.literal(true).optional(),
	/** The id of the request, for the log. */
	request: z.string(),
});

/** A live publish whose publisher was verified. */
export type LivePublish = z.output<typeof livePublishSchema>;

/** The headers of the request that hands a live publish to a channel. */
export function liveHeaders(publish: LivePublish): LinkHeaders {
	return { [HEADER]: asciiJson(publish) };
}

/** Whether the request is a live publish. */
export function isLivePublish({ headers }: Request): boolean {
	return headers.has(HEADER);
}

/**
 * Reads the live publish from a request.
 *
 * @throws Problem `channel_unavailable` if a Worker of another version sent it, which may go on for a while after a deploy.
 */
export function requestedLivePublish({ headers }: Request): LivePublish {
	try {
		return livePublishSchema.parse(JSON.parse(headers.get(HEADER) ?? ""));
	} catch (cause) {
		const detail = "The request was sent by another version of the service. Send it again.";
		throw new Problem("channel_unavailable", detail, { cause });
	}
}
