import { backoff } from "./backoff.ts";
import { TidingsError } from "./tidings-error.ts";
import { wait } from "./wait.ts";

/** How often a publish is tried, and how long to wait in between. */

const MAX_ATTEMPTS = 5;
const FIRST_WAIT_MILLISECONDS = 250;
/** If the service asks for a longer wait, the publish fails. */
const MAX_WAIT_MILLISECONDS = 30_000;

/**
 * Returns how long to wait before the next attempt, in milliseconds, or `undefined` if another would be useless.
 *
 * @param failures how many attempts have failed in a row, from 1.
 */
export function nextAttempt(error: unknown, failures: number): number | undefined {
	const isFinal = error instanceof TidingsError && !error.isTemporary;
	if (isFinal || failures >= MAX_ATTEMPTS) return undefined;
	const asked = (error instanceof TidingsError ? error.retryAfter : undefined) ?? 0;
	if (asked > MAX_WAIT_MILLISECONDS) return undefined;
	return Math.max(asked, backoff(failures, FIRST_WAIT_MILLISECONDS));
}

interface Persistence {
	/** Ends the attempts, also between two of them. */
	signal: AbortSignal | undefined;
	/** Whether another attempt can be made at all. Default: always. */
	canRepeat?: () => boolean;
}

/** Repeats an attempt until it succeeds or until another would be useless. */
export async function persist<Result>(
	attempt: () => Promise<Result>,
	{ signal, canRepeat = () => true }: Persistence,
): Promise<Result> {
	for (let failures = 1; ; failures += 1) {
		try {
			return await attempt();
		} catch (error) {
			signal?.throwIfAborted();
			const milliseconds = canRepeat() ? nextAttempt(error, failures) : undefined;
			if (milliseconds === undefined) throw error;
			await wait(milliseconds, signal);
		}
	}
}
