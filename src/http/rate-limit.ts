import type { User } from "../auth/user.ts";
import { Problem } from "../errors.ts";
import type { TidingsEnv } from "./context.ts";

/**
 * Counts what somebody does, where the deployment limits how often.
 *
 * @throws Problem `rate_limited`.
 */
export async function limitRate(limit: RateLimit | undefined, id: string, detail: string): Promise<void> {
	if (!limit || (await limit.limit({ key: id })).success) return;
	throw new Problem("rate_limited", detail);
}

/**
 * Counts a user's opening or renewal of a stream, or a ticket for one.
 *
 * @throws Problem `rate_limited`.
 */
export async function limitSubscribing(env: TidingsEnv, { sub }: User): Promise<void> {
	const detail = "You open or renew streams, or ask for tickets, more often than this service allows. Wait a little.";
	await limitRate(env.SUBSCRIBE_RATE_LIMIT, sub, detail);
}
