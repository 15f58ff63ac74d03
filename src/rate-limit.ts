import { Problem } from "./errors.ts";

/** The bindings that limit how often somebody may do something. */
export interface RateLimitEnv {
	/** How often a publisher may publish. Without it, there is no limit. */
	PUBLISH_RATE_LIMIT?: RateLimit;
	/** How often a user may open or renew a stream, or ask for a ticket. Without it, there is no limit. */
	SUBSCRIBE_RATE_LIMIT?: RateLimit;
}

/**
 * Counts a publish.
 *
 * @param publisher `id` is that of a `Publisher`.
 * @throws Problem `rate_limited`.
 */
export async function limitPublishing(
	{ PUBLISH_RATE_LIMIT }: RateLimitEnv,
	{ id }: { readonly id: string },
): Promise<void> {
	const detail = "You publish more often than this service allows. Wait a little, or send events in batches.";
	await count(PUBLISH_RATE_LIMIT, id, detail);
}

/**
 * Counts a user's opening or renewal of a stream, or request for a ticket.
 *
 * @throws Problem `rate_limited`.
 */
export async function limitSubscribing(
	{ SUBSCRIBE_RATE_LIMIT }: RateLimitEnv,
	{ sub }: { readonly sub: string },
): Promise<void> {
	const detail = "You open or renew streams, or ask for tickets, more often than this service allows. Wait a little.";
	await count(SUBSCRIBE_RATE_LIMIT, sub, detail);
}

async function count(limit: RateLimit | undefined, key: string, detail: string): Promise<void> {
	if (!limit || (await limit.limit({ key })).success) return;
	throw new Problem("rate_limited", detail);
}
