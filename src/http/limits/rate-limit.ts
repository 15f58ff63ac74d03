import type { Publisher } from "../../auth/publishers.ts";
import type { User } from "../../auth/user.ts";
import { Problem } from "../../errors.ts";
import type { TidingsEnv } from "../context.ts";

/** Rate limits, which apply if the Worker has bindings for them. */

/**
 * Counts a publish.
 *
 * @throws Problem `rate_limited`.
 */
export async function limitPublishing({ PUBLISH_RATE_LIMIT }: TidingsEnv, { id }: Publisher): Promise<void> {
	const detail = "You publish more often than this service allows. Wait a little, or send events in batches.";
	await count(PUBLISH_RATE_LIMIT, id, detail);
}

/**
 * Counts a user's opening or renewal of a stream, or request for a ticket.
 *
 * @throws Problem `rate_limited`.
 */
export async function limitSubscribing({ SUBSCRIBE_RATE_LIMIT }: TidingsEnv, { sub }: User): Promise<void> {
	const detail = "You open or renew streams, or ask for tickets, more often than this service allows. Wait a little.";
	await count(SUBSCRIBE_RATE_LIMIT, sub, detail);
}

async function count(limit: RateLimit | undefined, key: string, detail: string): Promise<void> {
	if (!limit || (await limit.limit({ key })).success) return;
	throw new Problem("rate_limited", detail);
}
