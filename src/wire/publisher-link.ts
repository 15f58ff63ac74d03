import { z } from "zod";
import { Problem } from "../errors.ts";
import { asciiJson, type LinkHeaders } from "./link.ts";

/**
 * How the Worker hands a publisher's WebSocket to a channel. A header of the request carries who the publisher is, and the
 * channel answers with the WebSocket. What then goes over it, the client and the channel say to each other:
 * `publish-message.ts`.
 */

const HEADER = "Tidings-Publisher";

const heldPublisherSchema = z.strictObject({
	/** The id of the publish key; absent for a user. The log tells it. */
	key: z.string().optional(),
	/** The subject of a user who publishes with a token; absent for a publish key. */
	user: z.string().optional(),
	/** When the credentials end, in Unix milliseconds; absent for a publish key, which does not. */
	endsAt: z.number().optional(),
	/** The earliest time that the credentials can have been issued at, in Unix milliseconds, if it is known. */
	issuedAt: z.number().optional(),
	/** How long messages wait for others that are stored together with them, in milliseconds. */
	linger: z.number(),
	/** The id of the request that opened the WebSocket, for the log. */
	request: z.string(),
});

/** A verified publisher who keeps a WebSocket open. */
export type HeldPublisher = z.output<typeof heldPublisherSchema>;

/** Returns the id of the publisher, as its requests have it. */
export function publisherId({ key, user }: HeldPublisher): string {
	return user === undefined ? `${key}` : `user:${user}`;
}

/** The headers of the request that opens a publisher's WebSocket in the object. */
export function publisherHeaders(publisher: HeldPublisher): LinkHeaders {
	return { Upgrade: "websocket", [HEADER]: asciiJson(publisher) };
}

/** Whether the request is for a publisher's WebSocket. */
export function isForPublisher({ headers }: Request): boolean {
	return headers.has(HEADER);
}

/**
 * Reads the publisher from a request.
 *
 * @throws Problem `channel_unavailable` if a Worker of another version sent it, which may go on for a while after a deploy.
 */
export function requestedPublisher({ headers }: Request): HeldPublisher {
	try {
		return heldPublisherSchema.parse(JSON.parse(headers.get(HEADER) ?? ""));
	} catch (cause) {
		const detail = "The WebSocket was opened by another version of the service. Connect again.";
		throw new Problem("channel_unavailable", detail, { cause });
	}
}
